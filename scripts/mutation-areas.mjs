/**
 * The areas of `npm run mutation`: the files that are changed, and the tests that must notice. Tests are those of the
 * room alone: a file is judged by the tests beside it. `needs: 'postgres'` starts the database of the test run.
 *
 * `contain` is the files that decide: move its globs when they move to `contain/pipeline/`.
 */
export const AREAS = {
  contain: {
    mutate: [
      'src/contain/{approval-data,approve,asymmetry,authorise,believed,blast-radius,canonical,domain,fees}.ts',
      'src/contain/{losses,nonces,operation-kinds,policy,rank,sequence,settle}.ts',
    ],
    tests: ['src/contain/*.test.ts'],
    without: ['src/contain/*.it.test.ts'],
  },
  facts: { mutate: ['src/facts/**/*.ts'], tests: ['src/facts/**/*.test.ts'] },
  incidents: { mutate: ['src/incidents/*.ts'], tests: ['src/incidents/*.test.ts'], needs: 'postgres' },
  calibrate: { mutate: ['src/calibrate/decision.ts'], tests: ['src/calibrate/decision*.test.ts'] },
}
