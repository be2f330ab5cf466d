/*
 * agent: what the controller has in each region.
 *
 * Process 1 of its region's pid and mount namespaces, in the network namespace of the region's site,
 * so that its death ends the region: the kernel kills the nodes, the prober, the beacon and the
 * forwarder with it. Single-threaded, one loop: messages of the controller, messages and deaths of the
 * children, instants at which something is armed.
 *
 * From the controller                                   Answer
 *   {type:"prepare", id, text, path, share, seed, engine, dir, decisions,
 *    groups, watch}
 *        build the site, lay the links' normal world, start the nodes      ok | error
 *   {type:"start", id}             the prober is up                        ok {ready} | error
 *   {type:"stand_by", id}          the beacon is up, the clients' threads wait  ok | error
 *   {type:"arm", id, at_ns, faults_on, nodes:[[node, action, undo, fault], ..]}  ok, later event "applied"
 *   {type:"tell", to:"prober"|"beacon", body}             handed on        -
 *   {type:"learn"}                                        containers came back: their MACs   -
 *   {type:"ping"}                                         keeps the lease  -
 *   {type:"heal", id}              links to normal, nodes running          ok
 *   {type:"collect", id}           chunks (transfer.h)                     ok {prober_packets}
 *   {type:"down", id}              everything undone                       ok {changes, left}
 * Every answer carries the id of its question; an unknown type is an error. On its own the agent sends
 * {type:"event", what:"applied"|"child"|"death", ...}.
 *
 * Nothing heard for 5 s means heal; end of file means tear down.
 */
#ifndef SUITES_AGENT_AGENT_H
#define SUITES_AGENT_AGENT_H

#define AGENT_LEASE_NS (5 * UINT64_C(1000000000))

struct site_ground;

struct agent_start {
	unsigned region;
	int controller_fd;                 /* stream socket */
	int backbone_fd;                   /* network namespace of the backbone */
	const struct site_ground *grounds; /* a region each, with running containers; else NULL */
	int guardian_fd;                   /* to say what it shall hold (chaos/guardian.h) */
	int log_fd;                        /* -1: stderr */
};

/* Call in the forked child; returns its exit status. Takes the descriptors. */
int agent_main(void *agent_start);

#endif
