# SPDX-License-Identifier: MIT
# The programs of the tests, included by the Makefile. Uses CC, CXX, BUILD; builds into $(BUILD)/tests/. The
# programs have flags of their own: how they are compiled is part of what they test.

TEST_BUILD := $(BUILD)/tests/programs
TEST_CFLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow -pthread
TEST_CXXFLAGS := -std=gnu++17 -O2 -g -Wall -Wextra -Wshadow -pthread
CXX ?= g++

TEST_C := $(wildcard tests/programs/*.c)
TEST_CC := $(wildcard tests/programs/*.cc)
# What a program's own comment asks for: TEST cflags=... libs=...
test_flags = $(shell sed -n 's/.*TEST .*cflags=\([^ ]*\).*/\1/p' $<)
test_libs = $(shell sed -n 's/.*TEST .*libs=\([^ ]*\).*/\1/p' $<)
TEST_STAGE := $(TEST_BUILD)/stage.o $(TEST_BUILD)/peer.a

# Variants: less to know the place by, or other code for it. tests/runner/programs.py knows the suffixes.
TEST_VARIANTS := eof_epoll.O0 eof_epoll.nopie eof_epoll.nog eof_epoll.stripped eof_epoll.split \
	error_reset.O0 error_reset.nopie fin_pool.O0 fin_pool.nog connect_refused.nopie connect_refused.O0 plugin_unloaded.O0 eof_inline.O0 eof_inline.nopie \
	shutdown_both.O0 double_close.O0 double_close.nopie eof_deep.O0 eof_37_callers.O0 eof_exception.O0 eof_exception.nopie

TEST_PROGRAMS := $(patsubst tests/programs/%.c,$(TEST_BUILD)/%,$(TEST_C)) \
	$(patsubst tests/programs/%.cc,$(TEST_BUILD)/%,$(TEST_CC)) \
	$(addprefix $(TEST_BUILD)/,$(TEST_VARIANTS)) $(TEST_BUILD)/peer $(TEST_BUILD)/plugin.so

.PHONY: test-programs
test-programs: $(TEST_PROGRAMS)

$(TEST_BUILD):
	mkdir -p $@
$(TEST_BUILD)/stage.o $(TEST_BUILD)/peer.o: $(TEST_BUILD)/%.o: tests/programs/stage/%.c $(wildcard tests/programs/stage/*.h) | $(TEST_BUILD)
	$(CC) $(TEST_CFLAGS) -c -o $@ $<
# An archive, so that only a program that talks to a peer starts one.
$(TEST_BUILD)/peer.a: $(TEST_BUILD)/peer.o
	rm -f $@ && $(AR) rcs $@ $<
$(TEST_BUILD)/peer: tests/programs/stage/peer_main.c $(TEST_BUILD)/stage.o
	$(CC) $(TEST_CFLAGS) -o $@ $^
$(TEST_BUILD)/plugin.so: tests/programs/stage/plugin.c | $(TEST_BUILD)
	$(CC) $(TEST_CFLAGS) -fPIC -shared -o $@ $<

$(TEST_BUILD)/%: tests/programs/%.c $(TEST_STAGE)
	$(CC) $(TEST_CFLAGS) $(test_flags) -o $@ $< $(TEST_STAGE) $(test_libs)
$(TEST_BUILD)/%: tests/programs/%.cc $(TEST_STAGE)
	$(CXX) $(TEST_CXXFLAGS) $(test_flags) -o $@ $< $(TEST_STAGE) $(test_libs)
$(TEST_BUILD)/%.O0: tests/programs/%.c $(TEST_STAGE)
	$(CC) $(TEST_CFLAGS) -O0 -o $@ $< $(TEST_STAGE)
$(TEST_BUILD)/%.O0: tests/programs/%.cc $(TEST_STAGE)
	$(CXX) $(TEST_CXXFLAGS) -O0 -o $@ $< $(TEST_STAGE)
$(TEST_BUILD)/%.nopie: tests/programs/%.c $(TEST_STAGE)
	$(CC) $(TEST_CFLAGS) -fno-pie -no-pie -o $@ $< $(TEST_STAGE)
$(TEST_BUILD)/%.nopie: tests/programs/%.cc $(TEST_STAGE)
	$(CXX) $(TEST_CXXFLAGS) -fno-pie -no-pie -o $@ $< $(TEST_STAGE)
$(TEST_BUILD)/%.nog: tests/programs/%.c $(TEST_STAGE)
	$(CC) $(TEST_CFLAGS) -g0 -o $@ $< $(TEST_STAGE)
$(TEST_BUILD)/%.stripped: tests/programs/%.c $(TEST_STAGE)
	$(CC) $(TEST_CFLAGS) -g0 -s -o $@ $< $(TEST_STAGE)
# Debug information in a file of its own, found by .gnu_debuglink beside the program.
$(TEST_BUILD)/%.split: tests/programs/%.c $(TEST_STAGE)
	$(CC) $(TEST_CFLAGS) -o $@ $< $(TEST_STAGE)
	objcopy --only-keep-debug $@ $@.debug
	objcopy --strip-all --add-gnu-debuglink=$@.debug $@
