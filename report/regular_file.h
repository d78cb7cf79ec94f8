/* SPDX-License-Identifier: MIT */
/* Opening files whose names came from a program: only regular ones, and inside its own root. */
#ifndef REGULAR_FILE_H
#define REGULAR_FILE_H

/*
 * A close-on-exec descriptor for reading the regular file `path` (absolute) as it stands under
 * `root` ("/proc/812/root"; NULL or
 * "": ours); symbolic links are resolved inside that root. -errno; -EINVAL when it is no regular
 * file. Neither blocks on a FIFO nor touches a device.
 */
int regular_file_open(const char *root, const char *path);

#endif
