/** Where the servers of this run are: `{port, folder}` as JSON. The global setup sets them before the first worker. */
export const sharedVariables = {
  postgres: 'CARDKEEP_TEST_POSTGRES',
  redis: 'CARDKEEP_TEST_REDIS',
} as const
