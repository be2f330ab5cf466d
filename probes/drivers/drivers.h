/* drivers: the rows of the table, one a file. Others use drivers[] and driver_find(). */
#ifndef PROBES_DRIVERS_DRIVERS_H
#define PROBES_DRIVERS_DRIVERS_H

struct driver_ops;

extern const struct driver_ops driver_null;
extern const struct driver_ops driver_http_kv;
extern const struct driver_ops driver_http;
extern const struct driver_ops driver_exec;
extern const struct driver_ops driver_dynamodb;
extern const struct driver_ops driver_redis;
extern const struct driver_ops driver_etcd;
extern const struct driver_ops driver_dns;
extern const struct driver_ops driver_postgres;
extern const struct driver_ops driver_mysql;

#endif
