/* The table of drivers: a new one is a file beside this and two lines here. */
#include "probes/drivers/drivers.h"
#include "probes/drivers/driver.h"

#include <string.h>

const struct driver_ops *const drivers[] = {
	&driver_null,
	&driver_http_kv,
	&driver_http,
	&driver_exec,
	&driver_dynamodb,
	&driver_redis,
	&driver_etcd,
#ifdef HAVE_CARES
	&driver_dns,
#endif
#ifdef HAVE_PQ
	&driver_postgres,
#endif
#ifdef HAVE_MARIADB
	&driver_mysql,
#endif
	NULL,
};

const struct driver_ops *driver_find(const char *name)
{
	for (size_t i = 0; drivers[i]; i++) {
		if (!strcmp(drivers[i]->name, name))
			return drivers[i];
	}
	return NULL;
}
