# SPDX-License-Identifier: MIT
# The tests of the calls, included by the Makefile. Builds into $(BUILD)/tests/calls/: what is executable there is a
# test; what tests start stands in its actors/.

CALLS_BUILD := $(BUILD)/tests/calls
CALLS_ACTORS := $(CALLS_BUILD)/actors
CALLS_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O1 -g -Iinclude -Wall -Wextra -Wshadow -Werror=implicit-function-declaration \
	-U_FORTIFY_SOURCE -fno-builtin -Wno-nonnull -Wno-unused-result -Wno-stringop-overflow -Wno-clobbered -Wno-maybe-uninitialized -pthread
CALLS_PARTS := hooks case stale $(patsubst tests/calls/%.c,%,$(wildcard tests/calls/cases_*.c))
CALLS_SCRIPTS := $(filter-out %.c %.h %.mk %.def %.py,$(wildcard tests/calls/*))
CALLS_SCRIPTS := $(filter-out tests/calls/actors,$(CALLS_SCRIPTS))

CXX ?= g++

CALLS_TESTS := $(CALLS_BUILD)/hooks $(CALLS_BUILD)/hooks_missing $(CALLS_SCRIPTS:tests/calls/%=$(CALLS_BUILD)/%)
CALLS_PLAYERS := $(patsubst tests/calls/actors/%.c,$(CALLS_ACTORS)/%,$(filter-out %_plugin.c %_library.c %_musl.c,$(wildcard tests/calls/actors/*.c))) \
	$(addprefix $(CALLS_ACTORS)/,socket_plugin1.so socket_plugin2.so throws_plugin.so libearly.so) \
	$(if $(shell command -v musl-gcc),$(CALLS_ACTORS)/child_musl $(CALLS_ACTORS)/child_musl_static)

.PHONY: test-calls
test-calls: $(CALLS_TESTS) $(CALLS_PLAYERS)

$(CALLS_BUILD)/parts/%.o: tests/calls/%.c tests/calls/case.h tests/calls/bodies.h tests/calls/report.h tests/calls/raw.h preload/hooks.def \
		preload/libc_decl.h include/sockaudit/ledger.h
	@mkdir -p $(@D)
	$(CC) $(CALLS_CFLAGS) -c -o $@ $<
$(CALLS_BUILD)/hooks: $(CALLS_PARTS:%=$(CALLS_BUILD)/parts/%.o)
	$(CC) $(CALLS_CFLAGS) -o $@ $^
$(CALLS_BUILD)/hooks_missing: $(CALLS_BUILD)/hooks
	cp $< $@
$(CALLS_SCRIPTS:tests/calls/%=$(CALLS_BUILD)/%): $(CALLS_BUILD)/%: tests/calls/%
	@mkdir -p $(@D)
	install -m 755 $< $@

$(CALLS_ACTORS):
	mkdir -p $@
$(CALLS_ACTORS)/socket_plugin1.so $(CALLS_ACTORS)/socket_plugin2.so: tests/calls/actors/socket_plugin.c | $(CALLS_ACTORS)
	$(CC) $(CALLS_CFLAGS) -fPIC -shared -o $@ $<
$(CALLS_ACTORS)/throws_plugin.so: tests/calls/actors/throws_plugin.cc | $(CALLS_ACTORS)
	$(CXX) -std=gnu++17 -O1 -g -Wall -Wextra -fPIC -shared -o $@ $<
$(CALLS_ACTORS)/libearly.so: tests/calls/actors/early_library.c | $(CALLS_ACTORS)
	$(CC) $(CALLS_CFLAGS) -fPIC -shared -Wl,-soname,libearly.so -o $@ $<
$(CALLS_ACTORS)/early_main: tests/calls/actors/early_main.c $(CALLS_ACTORS)/libearly.so
	$(CC) $(CALLS_CFLAGS) -o $@ $^
$(CALLS_ACTORS)/child_musl: tests/calls/actors/child_musl.c | $(CALLS_ACTORS)
	musl-gcc -O1 -o $@ $<
$(CALLS_ACTORS)/child_musl_static: tests/calls/actors/child_musl.c | $(CALLS_ACTORS)
	musl-gcc -O1 -static -o $@ $<
$(CALLS_ACTORS)/parent: tests/calls/actors/parent.c $(CALLS_BUILD)/parts/case.o | $(CALLS_ACTORS)
	$(CC) $(CALLS_CFLAGS) -o $@ $^
$(CALLS_ACTORS)/%: tests/calls/actors/%.c include/sockaudit/ledger.h | $(CALLS_ACTORS)
	$(CC) $(CALLS_CFLAGS) -o $@ $<
