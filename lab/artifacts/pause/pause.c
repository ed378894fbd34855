/* A stand-in for the program of the pause image.
 * The process of a pod's sandbox: it holds the namespaces open, buries orphans, and leaves when asked.
 */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

int main(int count, char **words)
{
	/* kubeadm's check before an upgrade runs it so, and waits for its end. */
	if (count > 1 && strcmp(words[1], "-v") == 0) {
		puts("pause of the lab");
		return 0;
	}
	on(SIGINT, leave, 0);
	on(SIGTERM, leave, 0);
	/* Children that stop are none of its business, children that end are. */
	on(SIGCHLD, bury, SA_NOCLDSTOP);
	for (;;)
		pause();
}
