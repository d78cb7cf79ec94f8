# SPDX-License-Identifier: MIT
# The C programs of the tests in tests/cli/, included by the Makefile: into $(BUILD)/tests/cli/.

CLI_BUILD := $(BUILD)/tests/cli
CLI_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow -Iinclude -pthread
CLI_C := $(wildcard tests/cli/programs/*.c)
# Sources that become libraries to load and unload, twice with the same layout and other names.
CLI_PLUGIN := tests/cli/programs/plugin.c
CLI_PROGRAMS := $(patsubst tests/cli/programs/%.c,$(CLI_BUILD)/%,$(filter-out $(CLI_PLUGIN),$(CLI_C))) \
	$(CLI_BUILD)/plugin_one.so $(CLI_BUILD)/plugin_two.so

.PHONY: test-cli
test-cli: $(CLI_PROGRAMS)

$(CLI_BUILD):
	mkdir -p $@
$(CLI_BUILD)/%: tests/cli/programs/%.c $(wildcard tests/cli/programs/*.h) | $(CLI_BUILD)
	$(CC) $(CLI_CFLAGS) -o $@ $<
$(CLI_BUILD)/plugin_%.so: $(CLI_PLUGIN) | $(CLI_BUILD)
	$(CC) $(CLI_CFLAGS) -DNAME=opened_by_$* -shared -fPIC -o $@ $<
