/*
 * tc_netem: an impairment as the attributes of a netem qdisc, and back.
 *
 * Every attribute is sent always, zeroed where unused: a change leaves alone what is not sent.
 */
#ifndef CHAOS_ENGINES_TC_NETEM_H
#define CHAOS_ENGINES_TC_NETEM_H

#include "chaos/impairment.h"
#include "fixtures/net/netlink.h"

/* TCA_KIND and TCA_OPTIONS into the message begun. */
void tc_netem_put(struct netlink *nl, const struct impairment *imp);
/* False where the options hold what we never send: then they are not ours. The distribution is not
 * told by the kernel. */
bool tc_netem_read(struct netlink_attr options, struct impairment *out);
/* What the kernel does not tell, from what was asked. */
void tc_netem_complete(struct impairment *has, const struct impairment *asked);
/* Copy as much of a fixed struct as is there; newer kernels append, older ones lack the end. */
void tc_netem_copy(void *to, size_t size, struct netlink_attr attr);

#endif
