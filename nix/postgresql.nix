# The one PostgreSQL: in the shell, the packages and the checks. Its major is named, because
# plain `postgresql` follows the channel and a data folder survives no change of major.
{ postgresql_18 }: postgresql_18.withPackages (extensions: [ extensions.pgmq ])
