/* SPDX-License-Identifier: MIT */
/* Reading pieces of a ledger that may be sparse, and may change or shrink meanwhile. */
#include "ledger_source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int source_read(const struct ledger_source *source, uint64_t offset, void *buffer, size_t size)
{
	if (offset > source->size || size > source->size - offset)
		return -ENODATA;
	if (source->fd < 0) {
		memcpy(buffer, source->bytes + offset, size);
		return 0;
	}
	for (char *to = buffer; size;) {
		ssize_t n = pread(source->fd, to, size, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n) /* cut short since we asked for its size */
			return -ENODATA;
		to += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return 0;
}

uint64_t source_next_data(const struct ledger_source *source, uint64_t offset)
{
	if (source->fd < 0)
		return offset;
	off_t data = lseek(source->fd, (off_t)offset, SEEK_DATA);
	if (data >= 0)
		return (uint64_t)data;
	/* ENXIO: nothing but a hole up to the end. Anything else: a file system that can't tell. */
	return errno == ENXIO ? UINT64_MAX : offset;
}

int source_read_sparse(const struct ledger_source *source, uint64_t offset, void *buffer,
		       size_t size)
{
	const size_t piece = 256u << 10;

	for (size_t done = 0; done < size;) {
		uint64_t data = source_next_data(source, offset + done);
		if (data >= offset + size)
			return offset + size > source->size ? -ENODATA : 0;
		if (data > offset + done)
			done = (size_t)(data - offset);
		size_t n = size - done < piece ? size - done : piece;
		int error = source_read(source, offset + done, (char *)buffer + done, n);
		if (error)
			return error;
		done += n;
	}
	return 0;
}
