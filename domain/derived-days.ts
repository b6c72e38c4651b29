/** After so many days the bucket's rules delete what was derived of files, unless `s3 setup` was told otherwise. */
export const DERIVED_DAYS = 30
