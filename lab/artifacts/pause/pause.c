/* The process of a pod's sandbox: it holds the namespaces open, buries orphans, and leaves when asked. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef VERSION
#error "compile with -DVERSION=\"...\""
#endif

static void leave(int number)
{
	_exit(number == SIGINT || number == SIGTERM ? 0 : 1);
}

static void bury(int number)
{
	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void on(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	if (sigaction(number, &action, NULL) < 0) {
		perror("pause: sigaction");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		puts("pause " VERSION " (stand-in of the lab)");
		return 0;
	}
	on(SIGINT, leave, 0);
	on(SIGTERM, leave, 0);
	/* Children that stop are none of its business, children that end are. */
	on(SIGCHLD, bury, SA_NOCLDSTOP);
	for (;;)
		pause();
}
