/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlnkledgerdir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "xlnksyscall.h"

#define NEW_PREFIX ".new-"
#define DIGITS "0123456789"
#define HEX DIGITS "abcdef"

/*** the directory ***/

static bool
fail (XlnkLedgerDir * self, GError ** error, const char *what)
{
  g_set_error (error, XLNK_ERROR, errno == EACCES || errno == EPERM ? XLNK_ERROR_PERMISSION : XLNK_ERROR_FAILED,
      "%s %s: %s", self->path, what, g_strerror (errno));
  return false;
}

/* Its files say what is to be freed, so it must not be everybody's. */
static bool
check_owner (XlnkLedgerDir * self, GError ** error)
{
  struct stat status;

  if (!xlnk_sys_stat (self->fd, &status))
    return fail (self, error, "cannot be looked at");
  if ((status.st_uid == 0 || status.st_uid == geteuid ()) && !(status.st_mode & S_IWOTH)) {
    self->file_mode = status.st_mode & S_IWGRP ? 0660 : 0600;
    return true;
  }
  g_set_error (error, XLNK_ERROR, XLNK_ERROR_PERMISSION, "%s %s", self->path,
      status.st_mode & S_IWOTH ? "can be written to by everybody" : "belongs to somebody who is neither root nor us");
  return false;
}

static bool
is_boot_id (const char *text)
{
  return strlen (text) == XLNK_LEDGER_BOOT_ID && strspn (text, "0123456789abcdef-") == XLNK_LEDGER_BOOT_ID;
}

static bool
read_boot_id (XlnkLedgerDir * self, GError ** error)
{
  g_autofree char *text = xlnk_sys_read_file ("/proc/sys/kernel/random/boot_id");

  if (text && is_boot_id (g_strchomp (text))) {
    g_strlcpy (self->boot_id, text, sizeof self->boot_id);
    return true;
  }
  g_set_error (error, XLNK_ERROR, XLNK_ERROR_FAILED, "/proc/sys/kernel/random/boot_id does not tell this boot from others: %s",
      text ? "it is no boot id" : g_strerror (errno));
  return false;
}

/* The fd; -1 and errno. Who may not enter the group's directory has one of his own. */
static int
open_default (XlnkLedgerDir * self, bool make)
{
  int fd;

  self->path = g_strdup (XLNK_LEDGER_GROUP_DIRECTORY);
  fd = xlnk_sys_open_directory (self->path);
  if (fd >= 0 || (errno != ENOENT && errno != EACCES))
    return fd;
  g_free (self->path);
  self->path = g_strdup_printf (XLNK_LEDGER_USERS_PARENT "/" XLNK_LEDGER_USERS_PREFIX "%u", (unsigned) geteuid ());
  fd = xlnk_sys_open_directory (self->path);
  if (fd >= 0 || errno != ENOENT || !make)
    return fd;
  if (!xlnk_sys_make_directory (self->path, 0700) && errno != EEXIST)
    return -1;
  return xlnk_sys_open_directory (self->path);
}

/* Without slashes at its end, behind which a link would be followed. */
static char *
strip_slashes (const char *place)
{
  size_t length = strlen (place);

  while (length > 1 && place[length - 1] == '/')
    length--;
  return g_strndup (place, length);
}

XlnkLedgerDirResult
xlnk_ledger_dir_open (XlnkLedgerDir * self, bool make, GError ** error)
{
  const char *place = g_getenv ("GST_XLNK_LEDGER");

  memset (self, 0, sizeof *self);
  self->fd = -1;
  if (place && strcmp (place, "off") == 0)
    return XLNK_LEDGER_DIR_NONE;
  if (place && *place) {
    self->path = strip_slashes (place);
    self->fd = xlnk_sys_open_directory (self->path);
  } else {
    self->fd = open_default (self, make);
    if (self->fd < 0 && errno == ENOENT && !make)
      return XLNK_LEDGER_DIR_NONE;
  }
  if (self->fd < 0)
    fail (self, error, errno == ENOTDIR ? "is a link or no directory, and cannot be opened" : "cannot be opened");
  else if (check_owner (self, error) && read_boot_id (self, error))
    return XLNK_LEDGER_DIR_OPEN;
  return XLNK_LEDGER_DIR_FAILED;
}

void
xlnk_ledger_dir_close (XlnkLedgerDir * self)
{
  xlnk_sys_close (self->fd);
  g_free (self->path);
  self->fd = -1;
  self->path = NULL;
}

/*** names ***/

char *
xlnk_ledger_dir_prefix (const XlnkLedgerDir * self, const XlnkDevice * device)
{
  return g_strdup_printf ("%s-%" PRIx64 ":%" PRIx64 "-", self->boot_id, device->node_device, device->node_inode);
}

/* Past one or more of these characters; NULL if there is none. */
static const char *
skip (const char *text, const char *characters)
{
  size_t length = text ? strspn (text, characters) : 0;

  return length > 0 ? text + length : NULL;
}

/* A process, and a number if it is not its first. */
static bool
is_process (const char *text)
{
  text = skip (text, DIGITS);
  if (text && *text == '.')
    text = skip (text + 1, DIGITS);
  return text && *text == '\0';
}

/* What create_new() of xlnkledger.c makes. */
static bool
is_new (const char *name)
{
  const char *number = g_str_has_prefix (name, NEW_PREFIX) ? skip (name + strlen (NEW_PREFIX), DIGITS) : NULL;

  return number && *number == '-' && strspn (number + 1, HEX) == 16 && number[17] == '\0';
}

/* Of any device and any boot. */
static bool
is_ledger (const char *name)
{
  if (strspn (name, "0123456789abcdef-") <= XLNK_LEDGER_BOOT_ID || name[XLNK_LEDGER_BOOT_ID] != '-')
    return false;
  name = skip (name + XLNK_LEDGER_BOOT_ID + 1, HEX);
  if (!name || *name != ':')
    return false;
  name = skip (name + 1, HEX);
  return name && *name == '-' && is_process (name + 1);
}

XlnkLedgerName
xlnk_ledger_name_kind (const XlnkLedgerDir * self, const char *prefix, const char *name)
{
  if (is_new (name))
    return XLNK_LEDGER_NAME_NEW;
  if (!is_ledger (name))
    return XLNK_LEDGER_NAME_FOREIGN;
  if (strncmp (name, self->boot_id, XLNK_LEDGER_BOOT_ID) != 0)
    return XLNK_LEDGER_NAME_OLD;
  return g_str_has_prefix (name, prefix) ? XLNK_LEDGER_NAME_OURS : XLNK_LEDGER_NAME_FOREIGN;
}

/* 0, or why it is none. */
static int
check_file (int fd, size_t * size)
{
  struct stat status;

  if (!xlnk_sys_stat (fd, &status))
    return errno;
  /* Another reclaimer's, which is done with it. */
  if (status.st_nlink == 0)
    return ENOENT;
  /* With two links it would be somebody else's file too. */
  if (!S_ISREG (status.st_mode) || status.st_nlink != 1 || status.st_size < 0 || (uint64_t) status.st_size > SIZE_MAX)
    return EINVAL;
  *size = (size_t) status.st_size;
  return 0;
}

int
xlnk_ledger_dir_lock_file (const XlnkLedgerDir * self, const char *name, size_t * size)
{
  int fd = xlnk_sys_open_at (self->fd, name, O_RDWR, 0);
  int reason;

  if (fd < 0)
    return -1;
  reason = xlnk_sys_lock (fd) ? check_file (fd, size) : errno;
  if (reason == 0)
    return fd;
  xlnk_sys_close (fd);
  errno = reason == EAGAIN ? 0 : reason;
  return -1;
}

void
xlnk_ledger_dir_unlock_file (int fd)
{
  xlnk_sys_unlock (fd);
  xlnk_sys_close (fd);
}
