# SPDX-License-Identifier: MIT
# The benchmarks, included by the Makefile: `make bench` runs them, one after another; see tests/bench/README.md.

BENCH_BUILD := $(BUILD)/tests/bench
# Programs by themselves, but for those that have rules of their own below.
BENCH_APART := many_sites stack_cost stack_chain table_cost
BENCH_ALONE := $(patsubst tests/bench/%.c,$(BENCH_BUILD)/%,$(filter-out $(BENCH_APART:%=tests/bench/%.c),$(wildcard tests/bench/*.c)))
BENCH_PROGRAMS := $(BENCH_ALONE) $(BENCH_BUILD)/stack_cost $(BENCH_BUILD)/table_cost

# No sibling calls: the depth that is measured must be on the stack.
$(BENCH_ALONE): $(BENCH_BUILD)/%: tests/bench/%.c $(wildcard tests/bench/*.h)
	@mkdir -p $(@D)
	$(CC) $(COMMON) -fno-optimize-sibling-calls -pthread -o $@ $<
# 100 MB, and minutes to build: not among the programs that `make check` builds.
$(BENCH_BUILD)/many_sites: tests/bench/make_sites tests/bench/many_sites.c
	@mkdir -p $(@D)
	tests/bench/make_sites $@
# One chain of frames, compiled in several ways.
BENCH_OBJECTS := $(UNIT_OBJECTS)/../bench.parts
BENCH_CHAINS := $(addprefix $(BENCH_OBJECTS)/stack_chain.,plain.o framed.o cxx.o)
$(BENCH_OBJECTS)/stack_chain.plain.o $(BENCH_BUILD)/stack_chain.so: BENCH_FRAMES := -fomit-frame-pointer
$(BENCH_OBJECTS)/stack_chain.framed.o: BENCH_FRAMES := -fno-omit-frame-pointer
$(BENCH_OBJECTS)/stack_chain.cxx.o: tests/bench/stack_chain.cc tests/bench/stack_chain.h
	@mkdir -p $(@D)
	$(CXX) -std=gnu++17 -O2 -g -Wall -Wextra -fno-optimize-sibling-calls -c $< -o $@
$(BENCH_OBJECTS)/stack_chain.%.o: tests/bench/stack_chain.c tests/bench/stack_chain.h
	@mkdir -p $(@D)
	$(CC) $(COMMON) $(BENCH_FRAMES) -fno-optimize-sibling-calls -DCHAIN_NAME=chain_$* -c $< -o $@
$(BENCH_BUILD)/stack_chain.so: tests/bench/stack_chain.c tests/bench/stack_chain.h
	@mkdir -p $(@D)
	$(CC) $(COMMON) $(BENCH_FRAMES) -fno-optimize-sibling-calls -Wno-missing-prototypes -DCHAIN_NAME=chain_loaded -fPIC -shared -o $@ $<
# Bound as the library is, not at the first call.
$(BENCH_BUILD)/stack_cost $(BENCH_BUILD)/table_cost: $(BENCH_BUILD)/%: $(BENCH_OBJECTS)/%.o $(UNIT_OBJECTS)/fake_ledger.o $(STACK_PARTS)
	@mkdir -p $(@D)
	$(CXX) $(CFLAGS) -Wl,-z,now -pthread -o $@ $(filter-out %.so,$^) -ldl
$(BENCH_BUILD)/stack_cost: $(BENCH_CHAINS) $(BENCH_BUILD)/stack_chain.so
$(BENCH_OBJECTS)/%.o: tests/bench/%.c tests/bench/stack_chain.h
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -c $< -o $@

# The parts, each a script of tests/bench/, in the order in which they run. PARTS='instructions soak' narrows them;
# ROUNDS=9 is of each pair, SOAK_SECONDS=600 of the soak.
BENCH_PARTS := \
	instructions \
	start \
	memory \
	threads \
	stacks \
	stacks_recalled \
	throughput \
	per_request \
	latency \
	peers \
	reporter \
	watch_cost \
	names \
	soak
PARTS ?= $(BENCH_PARTS)

.PHONY: bench-programs bench bench-record
bench-programs: $(BENCH_PROGRAMS)
bench: all bench-programs $(if $(filter reporter,$(PARTS)),$(BENCH_BUILD)/many_sites) | $(BUILD)/dependencies-bench
	BUILD=$(BUILD) tests/bench/parts $(PARTS)

# What was measured last becomes the tree's word.
BENCH_RECORD := $(addprefix $(BUILD)/bench/,results.json results.md growth.svg)
bench-record:
	install -d tests/bench/results
	install -m 644 $(BENCH_RECORD) tests/bench/results
