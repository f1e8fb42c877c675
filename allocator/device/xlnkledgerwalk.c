/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkledgerwalk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "xlnklog.h"
#include "xlnksyscall.h"

#define TURN_TRIES 200
#define TURN_PAUSE 10000        /* us */

bool
xlnk_ledger_walk_begin (XlnkLedgerWalk * self, XlnkDevice * device, GError ** error)
{
  bool open = xlnk_ledger_dir_open (&self->dir, false, error) == XLNK_LEDGER_DIR_OPEN;

  self->device = device;
  self->turn = false;
  self->prefix = open ? xlnk_ledger_dir_prefix (&self->dir, device) : NULL;
  return open;
}

bool
xlnk_ledger_walk_take_turn (XlnkLedgerWalk * self, bool wait)
{
  unsigned n = 0;

  while (!(self->turn = xlnk_sys_lock (self->dir.fd)) && errno == EAGAIN && wait && n++ < TURN_TRIES) {
    pthread_mutex_unlock (&self->device->mutex);
    g_usleep (TURN_PAUSE);
    pthread_mutex_lock (&self->device->mutex);
  }
  return n > 0;
}

/* A child that another thread has made in between keeps a copy of the descriptor open: it must not keep the lock. */
void
xlnk_ledger_walk_end (XlnkLedgerWalk * self)
{
  if (self->turn)
    xlnk_sys_unlock (self->dir.fd);
  xlnk_ledger_dir_close (&self->dir);
  g_free (self->prefix);
}

static GPtrArray *
read_names (const XlnkLedgerDir * dir, GError ** error)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  XlnkNames position = { NULL };
  const char *name;

  while ((name = xlnk_sys_read_name (dir->fd, &position)))
    g_ptr_array_add (names, g_strdup (name));
  xlnk_sys_read_names_end (&position);
  if (errno == 0)
    return names;
  g_set_error (error, XLNK_ERROR, errno == EACCES ? XLNK_ERROR_PERMISSION : XLNK_ERROR_FAILED, "%s cannot be read: %s",
      dir->path, g_strerror (errno));
  g_ptr_array_unref (names);
  return NULL;
}

bool
xlnk_ledger_walk (const XlnkLedgerWalk * self, XlnkLedgerWalkFunc func, void *data, GError ** error)
{
  GPtrArray *names = read_names (&self->dir, error);

  if (!names)
    return false;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    func (self, name, xlnk_ledger_name_kind (&self->dir, self->prefix, name), data);
  }
  g_ptr_array_unref (names);
  return true;
}

/* The copy that is parsed: a mapping would be a SIGBUS when somebody shortens the file. */
bool
xlnk_ledger_walk_read (const XlnkLedgerWalk * self, int fd, size_t size, XlnkLedgerContents * contents)
{
  int reason = EBADMSG;
  uint8_t *bytes;

  memset (contents, 0, sizeof *contents);
  if (size >= XLNK_LEDGER_HEADER_SIZE && size <= XLNK_LEDGER_MAX_SIZE) {
    bytes = g_malloc (size);
    errno = 0;                  /* which a short read does not touch */
    if (!xlnk_sys_pread (fd, bytes, size, 0))
      reason = errno ? errno : EBADMSG;
    else if (xlnk_ledger_parse (bytes, size, self->dir.boot_id, contents))
      reason = 0;
    g_free (bytes);
  }
  errno = reason;
  return reason == 0;
}

const char *
xlnk_ledger_walk_explain (int code)
{
  return code == EBADMSG || code == EINVAL ? "what is in it is none" : g_strerror (code);
}

bool
xlnk_ledger_walk_read_any (const XlnkLedgerWalk * self, const char *name, bool *alive, XlnkLedgerContents * contents)
{
  int fd = xlnk_sys_open_at (self->dir.fd, name, O_RDONLY, 0);
  struct stat status;
  int reason = EINVAL;

  *alive = fd < 0 || xlnk_sys_is_locked (fd);
  if (fd < 0)
    return false;
  if (*alive && errno != EAGAIN)
    reason = errno;
  else if (!xlnk_sys_stat (fd, &status))
    reason = errno;
  else if (status.st_nlink == 0)
    reason = ENOENT;
  else if (S_ISREG (status.st_mode) && status.st_nlink == 1 && status.st_size <= XLNK_LEDGER_MAX_SIZE)
    reason = xlnk_ledger_walk_read (self, fd, (size_t) status.st_size, contents) ? 0 : errno;
  xlnk_sys_close (fd);
  errno = reason;
  return reason == 0;
}

void
xlnk_ledger_walk_log (const XlnkLedgerWalk * self, const char *name, const char *what, int code)
{
  xlnk_log (XLNK_LOG_WARNING, "%s/%s %s: %s", self->dir.path, name, what, xlnk_ledger_walk_explain (code));
}
