/** Who a request is from. Until keys are configured there is one user, and the API is reachable from this machine only. */
export const LOCAL_USER_ID = '00000000-0000-4000-8000-000000000001'
