#pragma once
#if __has_include(<mysql.h>)
#include <mysql.h>
#include <errmsg.h>
#else
#include <mariadb/mysql.h>
#include <mariadb/errmsg.h>
#endif
