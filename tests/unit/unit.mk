# SPDX-License-Identifier: MIT
# The unit tests (cmocka), included by the Makefile: into $(BUILD)/tests/unit/. Those of the stacks link the library's
# own parts with a ledger in memory; those of the reporter link all of it but its main().

UNIT_BUILD := $(BUILD)/tests/unit
UNIT_OBJECTS := $(BUILD)/tests/unit.parts
UNIT_STACKS := test_stacks test_stack_places test_recall_stress test_fdtable test_history
UNIT_REPORT := $(filter-out $(UNIT_STACKS),$(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c)))
# As the library has them, under SAN= too: ASan knows nothing of stacks that we switch to ourselves.
STACK_PARTS := $(patsubst %,$(BUILD)/preload/%.o,fdtable history stacks recall scratch modules stack_index unwind_libunwind unwind_libgcc unwind_masks)
# Frame pointers stay as the compiler likes them: what the tests walk is ordinary code.
UNIT_CFLAGS = $(COMMON) -Ipreload -Ireport -Itests/unit -pthread $(SAN_FLAGS)
UNIT_TESTS := $(addprefix $(UNIT_BUILD)/,$(UNIT_STACKS) $(UNIT_REPORT))
# The table and the interning under ThreadSanitizer, which knows no fences (-Wtsan): those that matter have atomics too.
ifeq ($(SAN),)
UNIT_TESTS += $(UNIT_BUILD)/test_fdtable_tsan
endif

.PHONY: test-unit
test-unit: $(UNIT_TESTS)

$(UNIT_OBJECTS)/%.o: tests/unit/%.c $(wildcard tests/unit/*.h) | $(BUILD)/dependencies-test
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -MMD -MP -c $< -o $@
$(addprefix $(UNIT_BUILD)/,$(UNIT_STACKS)): $(UNIT_BUILD)/%: $(UNIT_OBJECTS)/%.o $(UNIT_OBJECTS)/fake_ledger.o $(STACK_PARTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SAN_FLAGS) -pthread -o $@ $^ -lcmocka -ldl
$(addprefix $(UNIT_BUILD)/,$(UNIT_REPORT)): $(UNIT_BUILD)/%: $(UNIT_OBJECTS)/%.o $(UNIT_OBJECTS)/build_ledger.o \
		$(UNIT_OBJECTS)/build_analysis.o $(REPORT_PARTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(SAN_FLAGS) -pthread -o $@ $^ -lcmocka $(REPORT_LIBS)
$(UNIT_BUILD)/test_fdtable_tsan: tests/unit/test_fdtable.c tests/unit/fake_ledger.c $(STACK_PARTS:$(BUILD)/%.o=%.c)
	@mkdir -p $(@D)
	$(CC) $(UNIT_CFLAGS) -Wno-tsan -fsanitize=thread -o $@ $^ -lcmocka -ldl
-include $(wildcard $(UNIT_OBJECTS)/*.d)
