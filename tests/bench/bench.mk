# SPDX-License-Identifier: MIT
# The benchmarks, included by the Makefile: `make bench` runs them, one after another, and prints tables.

BENCH_BUILD := $(BUILD)/tests/bench
BENCH_PROGRAMS := $(BENCH_BUILD)/calls_once $(BENCH_BUILD)/connection_cost $(BENCH_BUILD)/stack_cost $(BENCH_BUILD)/fork_cost \
	$(BENCH_BUILD)/wait_cost $(BENCH_BUILD)/many_sockets $(BENCH_BUILD)/threads $(BENCH_BUILD)/stacks_users

# No sibling calls: the depth that is measured must be on the stack.
$(BENCH_BUILD)/calls_once $(BENCH_BUILD)/connection_cost $(BENCH_BUILD)/fork_cost $(BENCH_BUILD)/wait_cost $(BENCH_BUILD)/many_sockets $(BENCH_BUILD)/threads $(BENCH_BUILD)/stacks_users: $(BENCH_BUILD)/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) -fno-optimize-sibling-calls -pthread -o $@ $<
# One chain of frames, compiled in several ways.
BENCH_CHAINS := $(addprefix $(UNIT_OBJECTS)/../bench.parts/stack_chain.,plain.o framed.o cxx.o)
$(UNIT_OBJECTS)/../bench.parts/stack_chain.plain.o $(BENCH_BUILD)/stack_chain.so: BENCH_FRAMES := -fomit-frame-pointer
$(UNIT_OBJECTS)/../bench.parts/stack_chain.framed.o: BENCH_FRAMES := -fno-omit-frame-pointer
$(UNIT_OBJECTS)/../bench.parts/stack_chain.cxx.o: tests/bench/stack_chain.cc tests/bench/stack_chain.h
	@mkdir -p $(@D)
	$(CXX) -std=gnu++17 -O2 -g -Wall -Wextra -fno-optimize-sibling-calls -c $< -o $@
$(UNIT_OBJECTS)/../bench.parts/stack_chain.%.o: tests/bench/stack_chain.c tests/bench/stack_chain.h
	@mkdir -p $(@D)
	$(CC) $(COMMON) $(BENCH_FRAMES) -fno-optimize-sibling-calls -DCHAIN_NAME=chain_$* -c $< -o $@
$(BENCH_BUILD)/stack_chain.so: tests/bench/stack_chain.c tests/bench/stack_chain.h
	@mkdir -p $(@D)
	$(CC) $(COMMON) $(BENCH_FRAMES) -fno-optimize-sibling-calls -Wno-missing-prototypes -DCHAIN_NAME=chain_loaded -fPIC -shared -o $@ $<
$(BENCH_BUILD)/stack_cost: $(UNIT_OBJECTS)/../bench.parts/stack_cost.o $(UNIT_OBJECTS)/fake_ledger.o $(STACK_PARTS) $(BENCH_CHAINS) $(BENCH_BUILD)/stack_chain.so
	@mkdir -p $(@D)
	$(CXX) $(CFLAGS) -pthread -o $@ $(filter-out %.so,$^) -ldl
$(UNIT_OBJECTS)/../bench.parts/%.o: tests/bench/%.c tests/bench/stack_chain.h
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -c $< -o $@

.PHONY: bench-programs bench
bench-programs: $(BENCH_PROGRAMS)
bench: all bench-programs | $(BUILD)/dependencies-test
	BUILD=$(BUILD) tests/bench/instructions
	BUILD=$(BUILD) tests/bench/stacks
	BUILD=$(BUILD) tests/bench/stacks_recalled
	BUILD=$(BUILD) tests/bench/throughput
	BUILD=$(BUILD) tests/bench/watch_cost
	BUILD=$(BUILD) tests/bench/threads
