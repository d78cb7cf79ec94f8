/* SPDX-License-Identifier: MIT */
/* A ledger in anonymous memory behind preload/ledger_file.h, for tests of what writes into one. */
#ifndef FAKE_LEDGER_H
#define FAKE_LEDGER_H

#include "ledger_file.h"

/* Takes the present ledger away, so that the next ledger_file_open() makes another. */
void fake_ledger_forget(void);

#endif
