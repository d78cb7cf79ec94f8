/* SPDX-License-Identifier: MIT */
#include "find_all.h"

#include "churn.h"
#include "fingerprint.h"
#include "group.h"
#include "growing.h"
#include "running_out.h"
#include "starved.h"

void audit_find(struct audit *audit, struct code *code, struct finding_list *list)
{
	audit_group(audit, code, list);
	audit_starved(audit, code, list);
	churn_find(audit, code, list);
	audit_growing(audit, code, list);
	audit_running_out(audit, code, list);
	for (size_t i = 0; i < list->count; i++)
		finding_fingerprint(&list->items[i]);
	findings_sort(list);
}
