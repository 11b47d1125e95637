/* Foreign files are opened only by a process made for it: this program again, with one file, a pipe for its report, no
 * network, no other files, and little memory and time. If it dies that is a fact about the file, after a second try. */
#include "document/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "document/bind.h"
#include "document/inspect_internal.h"

enum {
    BESIDE_FD = 3, /* what the program itself gives along */
    WORKER_MEMORY_MAX = 1 << 30,
    WORKER_SECONDS = 10,
    WORKER_WAIT_MS = 20000,
    WORKER_TRIES = 2,
    REPORT_MAX = 1 << 20,
    BESIDE_MAX = 32 << 20,
    COPY_MAX = 64 << 20
};

/* ---- in the worker ---- */
static void limit(int what, rlim_t most)
{
    const struct rlimit l = {most, most};

    if (setrlimit((__rlimit_resource_t)what, &l) != 0)
        _exit(WORKER_NO_SANDBOX);
}

static void set_limits(void)
{
    limit(RLIMIT_CPU, WORKER_SECONDS);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CORE, 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* their shadow is larger than any machine */
    limit(RLIMIT_AS, WORKER_MEMORY_MAX);
#endif
}

/* What reading memory, reckoning and reporting need; opening anything is refused, all else is the end. */
static void close_door(void)
{
    static const int allowed[] = {SCMP_SYS(read),
                                  SCMP_SYS(write),
                                  SCMP_SYS(close),
                                  SCMP_SYS(fstat),
                                  SCMP_SYS(lseek),
                                  SCMP_SYS(mmap),
                                  SCMP_SYS(munmap),
                                  SCMP_SYS(mprotect),
                                  SCMP_SYS(mremap),
                                  SCMP_SYS(brk),
                                  SCMP_SYS(madvise),
                                  SCMP_SYS(futex),
                                  SCMP_SYS(rt_sigaction),
                                  SCMP_SYS(rt_sigprocmask),
                                  SCMP_SYS(rt_sigreturn),
                                  SCMP_SYS(sigaltstack),
                                  SCMP_SYS(clock_gettime),
                                  SCMP_SYS(getrandom),
                                  SCMP_SYS(getpid),
                                  SCMP_SYS(gettid),
                                  SCMP_SYS(tgkill),
                                  SCMP_SYS(exit),
                                  SCMP_SYS(exit_group),
                                  SCMP_SYS(sched_yield),
                                  SCMP_SYS(prlimit64),
                                  SCMP_SYS(getuid),
                                  SCMP_SYS(geteuid),
                                  SCMP_SYS(getgid),
                                  SCMP_SYS(getegid),
                                  SCMP_SYS(sysinfo),
                                  SCMP_SYS(sched_getaffinity)};
    static const int refused[] = {SCMP_SYS(open),      SCMP_SYS(openat),   SCMP_SYS(newfstatat), SCMP_SYS(access),
                                  SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(readlinkat)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool good = filter != NULL;

    for (size_t i = 0; good && i < COUNT(allowed); i++)
        good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    for (size_t i = 0; good && i < COUNT(refused); i++)
        good = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0) == 0;
    if (!good || seccomp_load(filter) != 0)
        _exit(WORKER_NO_SANDBOX); /* rather unread than unguarded */
    seccomp_release(filter);
}

void worker_shut_in(void)
{
    set_limits();
    close_door();
}

static struct bytes map(int fd, size_t max)
{
    struct stat st;
    void *at;

    if (fstat(fd, &st) != 0 || st.st_size <= 0 || (size_t)st.st_size > max)
        return (struct bytes){0};
    at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    return at == MAP_FAILED ? (struct bytes){0} : (struct bytes){at, (size_t)st.st_size};
}

static void read_trust(struct bytes pem, struct trust *out)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    STACK_OF(X509_INFO) *rows = PEM_X509_INFO_read_bio(bio, NULL, NULL, NULL);

    for (int i = 0; i < sk_X509_INFO_num(rows); i++) {
        X509_INFO *row = sk_X509_INFO_value(rows, i);

        if (row->x509 && sk_X509_push(out->anchors, row->x509) > 0)
            row->x509 = NULL;
        if (row->crl && sk_X509_CRL_push(out->lists, row->crl) > 0)
            row->crl = NULL;
    }
    sk_X509_INFO_pop_free(rows, X509_INFO_free);
    BIO_free(bio);
    ERR_clear_error();
}

/* What the libraries read of the system, they read now. */
static void warm_up(void)
{
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
    EVP_MD_free(EVP_MD_fetch(NULL, "SHA256", NULL));
}

/* The file and what is given along, then the door is shut. */
static void begin_work(struct bytes *file, struct bytes *beside)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* whoever asked is gone: nobody reads the answer */
    warm_up();
    set_limits();
    *file = map(STDIN_FILENO, SIZE_MAX);
    *beside = map(BESIDE_FD, BESIDE_MAX);
    close_door();
}

/* Nothing is tidied up: the kernel does. */
_Noreturn static void end_work(struct bytes said)
{
    const char *data = said.data;

    for (size_t at = 0; at < said.len;) {
        ssize_t n = write(STDOUT_FILENO, data + at, said.len - at);

        if (n <= 0)
            _exit(WORKER_NO_SANDBOX);
        at += (size_t)n;
    }
    _exit(0);
}

int document_worker(void)
{
    struct trust trust = {.anchors = sk_X509_new_null(), .lists = sk_X509_CRL_new_null(), .now = now_ms()};
    struct bytes pdf, pem;
    char *text;

    begin_work(&pdf, &pem);
    if (pem.data)
        read_trust(pem, &trust);
    text = json_dumps(inspect_new(pdf, &trust), JSON_COMPACT);
    end_work((struct bytes){text, text ? strlen(text) : 0});
}

int document_binder(void)
{
    struct bytes scan, words, copy = {0};
    const char *wrong;

    begin_work(&scan, &words);
    wrong = bind_pages(scan, words, &copy);
    end_work(wrong ? (struct bytes){wrong, strlen(wrong)} : copy);
}

/* ---- beside it ---- */
struct work {
    const char *what; /* as which the program is called */
    int file, beside;
};

static bool spawn(const struct work *w, int report, pid_t *pid)
{
    static char name[] = "motcua", quiet[] = "ASAN_OPTIONS=detect_leaks=0";
    char *const argv[] = {name, (char *)(uintptr_t)w->what, NULL}, *const envp[] = {quiet, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    bool good;

    (void)sigemptyset(&none);
    good = posix_spawn_file_actions_init(&actions) == 0 && posix_spawnattr_init(&attributes) == 0;
    if (!good)
        die("out of memory", 0);
    good = posix_spawn_file_actions_adddup2(&actions, w->file, STDIN_FILENO) == 0 &&
           posix_spawn_file_actions_adddup2(&actions, report, STDOUT_FILENO) == 0 &&
           posix_spawn_file_actions_adddup2(&actions, w->beside, BESIDE_FD) == 0 &&
           posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
           posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0 &&
           posix_spawn(pid, "/proc/self/exe", &actions, &attributes, argv, envp) == 0;
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return good;
}

/* Until it ends, says too much, or the time is over. */
static bool listen_to(int fd, struct buf *out)
{
    int64_t end = monotonic_us() + (int64_t)WORKER_WAIT_MS * 1000;
    char part[64 << 10];

    for (;;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = (end - monotonic_us()) / 1000;
        ssize_t n;

        if (left <= 0 || out->overflow)
            return false;
        if (poll(&p, 1, (int)left) < 0 && errno != EINTR)
            return false;
        if (!p.revents)
            continue;
        n = read(fd, part, sizeof part);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        buf_add(out, part, (size_t)n);
    }
}

/* SILENT: it took too long or said too much, a second try would be no better. */
enum fate { FATE_SAID, FATE_DIED, FATE_SILENT };

static bool try_once(const struct work *w, struct buf *said, enum fate *fate, struct error *e)
{
    int ends[2], status = 0;
    bool heard;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail_errno(e, "a pipe for a worker");
    if (!spawn(w, ends[1], &pid)) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return fail(e, E_INTERNAL, "a worker does not start");
    }
    (void)close(ends[1]); /* the worker's own stays open */
    heard = listen_to(ends[0], said);
    (void)close(ends[0]);
    if (!heard)
        (void)kill(pid, SIGKILL); /* it may have ended */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == WORKER_NO_SANDBOX)
        return fail(e, E_INTERNAL, "a worker cannot be shut in");
    *fate = !heard ? FATE_SILENT : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? FATE_SAID : FATE_DIED;
    return true;
}

/* What it said, after a second try when it died; *heard false when there is nothing. */
static bool work(const char *what, int file, struct bytes beside, struct buf *said, bool *heard, struct error *e)
{
    auto_close int passed = memfd_create("beside", MFD_CLOEXEC);
    struct work w = {what, file, passed};
    enum fate fate = FATE_DIED;

    if (passed < 0)
        return fail_errno(e, "a file for a worker");
    if (!fd_write_all(passed, beside, e))
        return false;
    for (int i = 0; i < WORKER_TRIES && fate == FATE_DIED; i++) {
        said->len = 0;
        said->overflow = false;
        if (!try_once(&w, said, &fate, e))
            return false;
    }
    *heard = fate == FATE_SAID;
    return true;
}

bool worker_inspect(int file, struct bytes trust, json_t **report, struct error *e)
{
    auto_buf struct buf said = BUF_INIT(REPORT_MAX);
    bool heard;

    *report = NULL;
    if (!work(DOCUMENT_WORKER, file, trust, &said, &heard, e))
        return false;
    if (heard)
        *report = json_loadb(said.data ? said.data : "", said.len, JSON_REJECT_DUPLICATES, NULL);
    if (!*report)
        *report = inspect_plain_new(OUTCOME_UNREADABLE);
    return true;
}

bool worker_bind(int scan, struct bytes words, struct arena *a, struct bytes *copy, struct error *e)
{
    auto_buf struct buf said = BUF_INIT(COPY_MAX);
    bool heard;

    if (!work(DOCUMENT_BINDER, scan, words, &said, &heard, e))
        return false;
    if (!heard || said.len < 5 || memcmp(said.data, "%PDF-", 5) != 0)
        return fail(e, E_SCAN_UNFIT, "the scan is %s",
                    heard && said.len ? arena_strndup(a, said.data, said.len) : "unreadable");
    *copy = (struct bytes){arena_strndup(a, said.data, said.len), said.len};
    return true;
}
