/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan.h"
#include "raw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const calls[CALL_KINDS] = {
  "open", "close", "read", "write", "ioctl",
  "alloc", "free", "cachectrl", "recres",
  "mmap", "munmap", "madvise", "mlock",
  "stat", "statfs", "access", "realpath", "opendir", "readdir",
  "flock", "fcntl", "ftruncate", "fallocate", "fchmod", "unlink", "rename",
  "mkdir",
  "eventfd", "ppoll", "getrandom",
};

/* Those a driver, a file system or the VFS in front of them may give. */
static const struct
{
  const char *name;
  int number;
} errnos[] = {
  {"EPERM", EPERM}, {"ENOENT", ENOENT}, {"EINTR", EINTR}, {"EIO", EIO}, {"ENXIO", ENXIO},
  {"EBADF", EBADF}, {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM}, {"EACCES", EACCES}, {"EFAULT", EFAULT},
  {"EBUSY", EBUSY}, {"EEXIST", EEXIST}, {"ENODEV", ENODEV}, {"EINVAL", EINVAL}, {"ENFILE", ENFILE},
  {"EMFILE", EMFILE}, {"ENOTTY", ENOTTY}, {"ENOSPC", ENOSPC}, {"ENOSYS", ENOSYS}, {"ETIMEDOUT", ETIMEDOUT},
  {"EROFS", EROFS}, {"EDQUOT", EDQUOT}, {"ENOLCK", ENOLCK}, {"ELOOP", ELOOP}, {"ENOTDIR", ENOTDIR},
  {"EISDIR", EISDIR}, {"EFBIG", EFBIG}, {"EOPNOTSUPP", EOPNOTSUPP}, {"EXDEV", EXDEV}, {"EOVERFLOW", EOVERFLOW},
  {"ENAMETOOLONG", ENAMETOOLONG}, {"ENOTEMPTY", ENOTEMPTY}, {"ESTALE", ESTALE},
};

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

const char *
plan_call_name (PlanCall call)
{
  return calls[call];
}

int
plan_errno (const char *name)
{
  for (size_t i = 0; i < COUNT (errnos); i++) {
    if (strcmp (errnos[i].name, name) == 0)
      return -errnos[i].number;
  }
  return 0;
}

const char *
plan_errno_name (int number)
{
  for (size_t i = 0; i < COUNT (errnos); i++) {
    if (errnos[i].number == -number)
      return errnos[i].name;
  }
  return NULL;
}

static bool
parse_number (const char *text, int base, uint64_t most, uint64_t * number)
{
  char *end;

  if (*text < '0' || *text > '9')
    return false;
  errno = 0;
  *number = strtoull (text, &end, base);
  return errno == 0 && *end == '\0' && *number <= most;
}

static bool
parse_call (const char *name, uint32_t * call)
{
  for (*call = 0; *call < CALL_KINDS; (*call)++) {
    if (strcmp (calls[*call], name) == 0)
      return true;
  }
  return false;
}

/* Only ioctls return what could not be copied. */
static bool
parse_result (const char *text, uint32_t call, int32_t * result)
{
  uint64_t number;

  if (strcmp (text, "SIGKILL") == 0) {
    *result = PLAN_KILL;
    return true;
  }
  if (text[0] != '+') {
    *result = plan_errno (text);
    return *result != 0;
  }
  if (call < CALL_IOCTL || call > CALL_RECRES || !parse_number (text + 1, 10, 65535, &number) || number == 0)
    return false;
  *result = (int32_t) number;
  return true;
}

/* Names of libraries may hold a plus sign, an offset does not. */
static bool
parse_place (char *text, PlanPoint * point)
{
  char *plus = strrchr (text, '+');

  point->anywhere = !plus || !parse_number (plus + 1, 0, UINT64_MAX, &point->offset);
  if (!point->anywhere)
    *plus = '\0';
  if (!*text || strlen (text) >= sizeof point->object)
    return false;
  strcpy (point->object, text);
  return true;
}

/* The end of @text is cut off at its last colon, and returned. */
static char *
cut_field (char *text)
{
  char *colon = strrchr (text, ':');

  if (!colon)
    return NULL;
  *colon = '\0';
  return colon + 1;
}

static bool
parse_point (char *text, PlanPoint * point)
{
  char *result = cut_field (text), *use = result ? cut_field (text) : NULL, *at = strchr (text, '@');
  uint64_t number;

  memset (point, 0, sizeof *point);
  if (!use || !at)
    return false;
  *at = '\0';
  if (*use && use[strlen (use) - 1] == '-') {
    use[strlen (use) - 1] = '\0';
    point->onwards = 1;
  }
  if (!parse_call (text, &point->call) || !parse_number (use, 10, UINT32_MAX, &number) || number == 0)
    return false;
  point->use = (uint32_t) number;
  return parse_result (result, point->call, &point->result) && parse_place (at + 1, point);
}

bool
plan_add (Plan * plan, const char *list)
{
  while (true) {
    const size_t length = strcspn (list, ",");
    char text[256];

    if (length >= sizeof text || plan->count >= PLAN_POINTS)
      return false;
    memcpy (text, list, length);
    text[length] = '\0';
    if (!parse_point (text, &plan->points[plan->count]))
      return false;
    __atomic_store_n (&plan->count, plan->count + 1, __ATOMIC_RELEASE);
    if (list[length] == '\0')
      return true;
    list += length + 1;
  }
}

Plan *
plan_attach (int fd)
{
  struct stat64 st;
  Plan *plan;

  if (raw_fstat (fd, &st) < 0 || st.st_size < (off64_t) sizeof *plan)
    return NULL;
  plan = raw_mmap (NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (plan == MAP_FAILED)
    return NULL;
  if (plan->magic == PLAN_MAGIC && plan->count <= PLAN_POINTS)
    return plan;
  raw_munmap (plan, sizeof *plan);
  return NULL;
}
