/* The programs under test: started, timed to their first answer, watched through /proc, stopped. */
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

enum { FIRST_ANSWER_MAX_S = 60, CHILDREN_MAX = 16 };

int port_free(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) != 0 || getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        die("no free port", 0);
    return ntohs(at.sin_port);
}

static pid_t spawn(const char *const argv[], const char *output)
{
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);

        if (fd >= 0) {
            (void)dup2(fd, STDOUT_FILENO);
            (void)dup2(fd, STDERR_FILENO);
        }
        (void)execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

/* One request on a connection of its own; whether 200 came back. */
static bool answers(int port, const char *path)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    auto_close int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char text[512];
    int len = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    ssize_t n;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        send(fd, text, (size_t)len, MSG_NOSIGNAL) != len)
        return false;
    n = recv(fd, text, sizeof text - 1, 0);
    return n > 12 && memcmp(text + 9, "200", 3) == 0;
}

bool process_start(const char *const argv[], const char *output, int port, const char *ready, struct process *out,
                   double *first_ms, struct error *e)
{
    const struct timespec nap = {.tv_nsec = 500 * 1000};
    int64_t start = monotonic_us();
    int status;

    out->port = port;
    out->pid = spawn(argv, output);
    if (out->pid < 0)
        return fail_errno(e, "fork");
    while (!answers(port, ready)) {
        if (waitpid(out->pid, &status, WNOHANG) == out->pid)
            return fail(e, E_IO, "%s ended at its start; see %s", argv[0], output);
        if (monotonic_us() - start > (int64_t)FIRST_ANSWER_MAX_S * 1000000)
            return process_stop(out), fail(e, E_IO, "%s does not answer; see %s", argv[0], output);
        (void)nanosleep(&nap, NULL);
    }
    *first_ms = (double)(monotonic_us() - start) / 1000.0;
    return true;
}

bool process_run(const char *const argv[], const char *output, struct error *e)
{
    pid_t pid = spawn(argv, output);
    int status;

    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return fail_errno(e, "run %s", argv[0]);
    return status == 0 || fail(e, E_IO, "%s %s failed; see %s", argv[0], argv[1], output);
}

void process_stop(struct process *p)
{
    int status;

    if (p->pid <= 0)
        return;
    (void)kill(p->pid, SIGTERM);
    (void)waitpid(p->pid, &status, 0);
    p->pid = 0;
}

/* ---- /proc ---- */
static size_t proc_read(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    ssize_t n;
    auto_close int fd = -1;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    n = fd < 0 ? -1 : read(fd, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

/* p itself and its children (nginx works in those). */
static size_t family(const struct process *p, pid_t out[static CHILDREN_MAX + 1])
{
    char name[64], text[512], *at = text, *next;
    size_t n = 0;

    out[n++] = p->pid;
    (void)snprintf(name, sizeof name, "task/%d/children", (int)p->pid);
    if (!proc_read(p->pid, name, text, sizeof text))
        return n;
    for (long pid; n <= CHILDREN_MAX && (pid = strtol(at, &next, 10)) > 0; at = next)
        out[n++] = (pid_t)pid;
    return n;
}

double process_cpu_s(const struct process *p)
{
    pid_t pids[CHILDREN_MAX + 1];
    size_t n = family(p, pids);
    int64_t ticks = 0;

    for (size_t i = 0; i < n; i++) {
        char text[1024];
        const char *after_name;
        int64_t user, kernel;

        if (!proc_read(pids[i], "stat", text, sizeof text) || !(after_name = strrchr(text, ')')))
            continue;
        if (sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNd64 " %" SCNd64, &user,
                   &kernel) == 2)
            ticks += user + kernel;
    }
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double process_rss_mb(const struct process *p)
{
    pid_t pids[CHILDREN_MAX + 1];
    size_t n = family(p, pids);
    int64_t pages = 0;

    for (size_t i = 0; i < n; i++) {
        char text[256];
        int64_t resident;

        if (proc_read(pids[i], "statm", text, sizeof text) && sscanf(text, "%*d %" SCNd64, &resident) == 1)
            pages += resident;
    }
    return (double)(pages * sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

static double seconds_of(const struct rusage *r)
{
    return (double)(r->ru_utime.tv_sec + r->ru_stime.tv_sec) +
           (double)(r->ru_utime.tv_usec + r->ru_stime.tv_usec) / 1e6;
}

double others_cpu_s(void)
{
    int64_t user = 0, nice = 0, kernel = 0, idle, wait, hard = 0, soft = 0, stolen = 0;
    struct rusage own, children;
    auto_fclose FILE *f = fopen("/proc/stat", "r");

    if (!f ||
        fscanf(f, "cpu %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64,
               &user, &nice, &kernel, &idle, &wait, &hard, &soft, &stolen) != 8)
        return 0;
    (void)getrusage(RUSAGE_SELF, &own); /* fail only on a wrong name */
    (void)getrusage(RUSAGE_CHILDREN, &children);
    return (double)(user + nice + kernel + hard + soft + stolen) / (double)sysconf(_SC_CLK_TCK) - seconds_of(&own) -
           seconds_of(&children);
}
