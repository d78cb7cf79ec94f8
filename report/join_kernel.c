/* SPDX-License-Identifier: MIT */
/* What the kernel tells the join: the sockets of a namespace, and who holds them. See audit.h. */
#include "audit.h"
#include "owners.h"

#include <unistd.h>

/* As it was when the members were looked at; else it is asked now. */
static void census_take(struct audit *audit, uint32_t pid, uint64_t net_ns,
			struct audit_census *census)
{
	struct kernel_view *view = &audit->view;

	for (size_t i = 0; i < view->census_count && net_ns; i++) {
		struct kernel_view_census *seen = &view->censuses[i];
		if (!seen->kernel || seen->kernel->net_ns != net_ns)
			continue;
		*census = (struct audit_census){ .kernel = seen->kernel, .failed = seen->failed };
		seen->kernel = NULL;
		return;
	}
	*census = (struct audit_census){ .kernel = arena_alloc(audit->arena,
							       sizeof(*census->kernel)) };
	census->failed = kernel_census_take(audit->arena, pid ? pid : (uint32_t)getpid(),
					    census->kernel) != 0;
}

/* Of a process; 0: our own. */
static struct audit_census *census_at(struct audit *audit, uint32_t pid, uint64_t net_ns)
{

	for (size_t i = 0; i < audit->census_count; i++)
		if (audit->censuses[i].kernel->net_ns == net_ns && net_ns)
			return &audit->censuses[i];
	audit->censuses = arena_more(audit->arena, audit->censuses, audit->census_count,
				     &audit->census_room, sizeof(*audit->censuses));
	struct audit_census *census = &audit->censuses[audit->census_count++];
	census_take(audit, pid, net_ns, census);
	if (census->kernel->remark)
		audit_remark(audit, census->kernel->remark);
	return census;
}

struct audit_census *audit_census_of(struct audit *audit, const struct member *member)
{
	uint32_t pid = member_net_pid(member);
	size_t index = (size_t)(member - audit->members->items);
	uint64_t net_ns = proc_namespace(pid, "net");

	/* It has ended since it was looked at. */
	if (!net_ns && index < audit->view.process_count)
		net_ns = audit->view.processes[index].net_ns;
	struct audit_census *census = census_at(audit, pid, net_ns);

	audit->kernel_known |= !census->failed;
	census->of_member = true;
	return census;
}

struct audit_census *audit_census_here(struct audit *audit)
{
	return census_at(audit, 0, proc_namespace(0, "net"));
}

/* What was seen of a running process's descriptors; NULL: nothing was, or it is another one. */
static const struct proc_files *files_seen(void *data, const struct proc *proc)
{
	const struct audit *audit = data;

	for (size_t i = 0; i < audit->view.process_count; i++) {
		const struct member *member = &audit->members->items[i];
		const struct kernel_view_process *seen = &audit->view.processes[i];
		if (seen->asked && !seen->error && member->pid == proc->pid &&
		    member->start_ticks == proc->start_ticks)
			return &seen->files;
	}
	return NULL;
}

void audit_owners_look(struct audit *audit, struct arena *arena)
{
	if (audit->owners)
		return;
	audit->owners = arena_alloc(arena, sizeof(*audit->owners));
	owners_find(arena, audit->owners, files_seen, audit);
}

const struct owners *audit_owners(struct audit *audit)
{
	audit_owners_look(audit, audit->arena);
	return audit->owners;
}

const struct owner *audit_owner_of(struct audit *audit, uint64_t inode)
{
	const struct owner *owner = owners_of(audit_owners(audit), inode);

	/* Perhaps a member opened it after its descriptors had been read. */
	if (owner || !inode || audit->owners_again)
		return owner;
	audit->owners_again = true;
	for (size_t i = 0; i < audit->view.process_count; i++) {
		const struct member *member = &audit->members->items[i];
		if (audit->view.processes[i].asked && !audit->view.processes[i].error)
			owners_add_new(audit->arena, audit->owners, member->pid, member->comm);
	}
	return owners_of(audit->owners, inode);
}

void audit_release(struct audit *audit)
{
	index_free(&audit->cookies);
	index_free(&audit->inodes);
	if (audit->owners)
		owners_free(audit->owners);
	audit->owners = NULL;
}
