/**
 * The areas of `npm run mutation`: the files that are changed, and the tests that must notice. Tests are those of the
 * room alone: a file is judged by the tests next to it. `needs: 'postgres'` starts the database of the test run.
 *
 * `contain` is the files that decide; the stages in `contain/pipeline/` that call them need a node and a database for each mutant.
 */
export const AREAS = {
  contain: {
    mutate: [
      'src/contain/approval/{approval-data,approve,authorise,canonical,domain,policy}.ts',
      'src/contain/trials/{asymmetry,believed,blast-radius,losses,operation-kinds}.ts',
      'src/contain/sending/{fees,nonces,settle}.ts',
      'src/contain/planning/rank.ts',
    ],
    tests: ['src/contain/**/*.test.ts'],
    without: ['src/contain/**/!(settle).it.test.ts'],
    needs: 'postgres',
  },
  facts: {
    mutate: ['src/facts/{coin,deltas,discrepancies,facts,from-calls,from-logs}.ts'],
    tests: ['src/facts/*.test.ts'],
    without: ['src/facts/{hostile.test,facts.prop.test}.ts'],
  },
  incidents: {
    mutate: [
      'src/incidents/{alerts,assess,correlate,detection,ledger,merge,record-alerts,timeline-chain}.ts',
    ],
    tests: ['src/incidents/*.test.ts'],
    without: ['src/incidents/{incidents,verify-record}.it.test.ts'],
    needs: 'postgres',
  },
  calibrate: { mutate: ['src/calibrate/decision.ts'], tests: ['src/calibrate/decision*.test.ts'] },
}
