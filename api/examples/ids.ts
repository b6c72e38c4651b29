/* The ids of the README, so that all examples of the OpenAPI document tell of the same things. */

export const FILE_ID = 'db69b25f-81fb-4dcf-af63-e96f2fe6ac11'
export const OTHER_FILE_ID = '2f0eb106-5d53-4c96-83d9-48ba581d35e1'
export const EXPERT_ID = '441f5ea6-f626-4f2d-aacf-ef191d66dabb'
export const UPLOAD_ID = '8c0a4b0e-6d0c-4f0b-9d2b-0c8f5a4e7b16'
export const KEY_ID = '5f7d0c1a-3b52-4a55-8a0f-2d1e6c9b7f43'
export const USER_ID = '00000000-0000-4000-8000-000000000001'
export const OTHER_USER_ID = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
export const REQUEST_ID = 'c1f7b3de-52a4-4c0e-9a57-1e9d0b6f4a38'
export const IDEMPOTENCY_KEY = 'e4b1a6d2-7f39-4c58-8b0a-93d2c5f17e60'

/** Where a page of files ended. */
export const CURSOR = 'WyIyMDI2LTExLTI0IDE0OjQwOjM2LjY0MDUxMiswMCIsImRiNjliMjVmLTgxZmItNGRjZi1hZjYzLWU5NmYyZmU2YWMxMSJd'
