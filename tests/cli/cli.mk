# SPDX-License-Identifier: MIT
# The C programs of the tests in tests/cli/, included by the Makefile: into $(BUILD)/tests/cli/.

CLI_BUILD := $(BUILD)/tests/cli
CLI_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow -Iinclude -pthread
# What a program's own comment asks for: TEST cflags=...
cli_flags = $(shell sed -n 's/.*TEST .*cflags=\([^*]*\).*/\1/p' $<)
CLI_C := $(wildcard tests/cli/programs/*.c)
# Sources that become libraries to load and unload, twice with the same layout and other names.
CLI_PLUGIN := tests/cli/programs/plugin.c
# And those that are themselves.
CLI_PLUGINS := $(wildcard tests/cli/programs/*_plugin.c)
CLI_PROGRAMS := $(patsubst tests/cli/programs/%.c,$(CLI_BUILD)/%,$(filter-out $(CLI_PLUGIN) $(CLI_PLUGINS),$(CLI_C))) \
	$(patsubst tests/cli/programs/%.cc,$(CLI_BUILD)/%,$(wildcard tests/cli/programs/*.cc)) \
	$(CLI_PLUGINS:tests/cli/programs/%.c=$(CLI_BUILD)/%.so) $(CLI_BUILD)/plugin_one.so $(CLI_BUILD)/plugin_two.so
# The same program in the ways that take no preload, or are thought not to; as far as there are compilers for them.
CLI_LINGERING := static asan asan_static $(if $(shell command -v musl-gcc),musl musl_static) \
	$(if $(shell command -v go),go go_libc) \
	$(if $(wildcard $(shell $(CC) -m32 -print-libgcc-file-name 2>/dev/null)),m32)
CLI_PROGRAMS += $(addprefix $(CLI_BUILD)/lingering.,$(CLI_LINGERING))

.PHONY: test-cli
test-cli: $(CLI_PROGRAMS)

$(CLI_BUILD):
	mkdir -p $@
$(CLI_BUILD)/%: tests/cli/programs/%.c $(wildcard tests/cli/programs/*.h) | $(CLI_BUILD)
	$(CC) $(CLI_CFLAGS) $(cli_flags) -o $@ $<
# These know the ledger's layout, the program's header.
$(CLI_BUILD)/ledger_header $(CLI_BUILD)/borderline: $(wildcard include/sockaudit/*.h)
$(CLI_BUILD)/%: tests/cli/programs/%.cc | $(CLI_BUILD)
	$(CXX) -std=gnu++17 -O2 -g -Wall -Wextra -pthread -o $@ $<
$(CLI_BUILD)/%_plugin.so: tests/cli/programs/%_plugin.c | $(CLI_BUILD)
	$(CC) $(CLI_CFLAGS) -shared -fPIC -o $@ $<
$(CLI_BUILD)/plugin_%.so: $(CLI_PLUGIN) | $(CLI_BUILD)
	$(CC) $(CLI_CFLAGS) -DNAME=opened_by_$* -shared -fPIC -o $@ $<
CLI_LINGERS = tests/cli/programs/lingering.c $(wildcard tests/cli/programs/*.h) | $(CLI_BUILD)
$(CLI_BUILD)/lingering.static: $(CLI_LINGERS)
	$(CC) $(CLI_CFLAGS) -static -o $@ $<
$(CLI_BUILD)/lingering.m32: $(CLI_LINGERS)
	$(CC) $(CLI_CFLAGS) -m32 -o $@ $<
$(CLI_BUILD)/lingering.asan: $(CLI_LINGERS)
	gcc $(CLI_CFLAGS) -fsanitize=address -o $@ $<
$(CLI_BUILD)/lingering.asan_static: $(CLI_LINGERS)
	gcc $(CLI_CFLAGS) -fsanitize=address -static-libasan -o $@ $<
$(CLI_BUILD)/lingering.musl: $(CLI_LINGERS)
	musl-gcc $(CLI_CFLAGS) -o $@ $<
$(CLI_BUILD)/lingering.musl_static: $(CLI_LINGERS)
	musl-gcc $(CLI_CFLAGS) -static -o $@ $<
CLI_GO = HOME=$(abspath $(CLI_BUILD)) GOCACHE=$(abspath $(CLI_BUILD))/go-cache GOFLAGS= GO111MODULE=off GOPROXY=off go build -o $@ $<
$(CLI_BUILD)/lingering.go: tests/cli/programs/lingering.go | $(CLI_BUILD)
	CGO_ENABLED=0 $(CLI_GO)
$(CLI_BUILD)/lingering.go_libc: tests/cli/programs/lingering.go | $(CLI_BUILD)
	CGO_ENABLED=1 $(CLI_GO)
