// The table of rooms: what each may import. Type imports count (tsPreCompilationDeps).
const rooms = {
  kit: [],
  model: ['kit'],
  chain: ['kit', 'model'],
  store: ['kit', 'model'],
  facts: ['kit', 'model'],
  detect: ['kit', 'model'],
  calibrate: ['kit', 'model'],
  triage: ['kit', 'model'],
  incidents: ['kit', 'model', 'store'],
  playbooks: ['kit', 'model', 'store'],
  contain: ['kit', 'model', 'store', 'chain'],
  forensics: ['kit', 'model', 'store', 'chain'],
  words: ['kit', 'model'],
  reports: ['kit', 'model', 'words'],
  notify: ['kit', 'model', 'words'],
  api: ['kit', 'model'],
  cli: ['kit', 'model', 'words', 'app'],
}
const pure = ['model', 'facts', 'detect', 'calibrate', 'triage', 'reports', 'words']
const tests = '\\.(test|it\\.test|prop\\.test)\\.ts$'

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...Object.entries(rooms).map(([room, may]) => ({
      name: `room-${room}`,
      severity: 'error',
      comment: `${room}/ may import only ${['itself', ...may].join(', ')}`,
      from: { path: `^src/${room}/`, pathNot: tests },
      to: { path: '^src/', pathNot: `^src/(${[room, ...may].join('|')})/` },
    })),
    {
      name: 'sql-only-in-store',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/store/', tests] },
      to: { path: 'node_modules/(pg|postgres|kysely)/' },
    },
    {
      name: 'durable-runs-only-in-playbooks',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/playbooks/', tests] },
      to: { path: 'node_modules/@dbos-inc/' },
    },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      from: { path: `^src/(${pure.join('|')})/`, pathNot: tests },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'src-imports-no-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'known-rooms-only',
      severity: 'error',
      from: { path: `^src/(?!(${[...Object.keys(rooms), 'app'].join('|')})/)` },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'node', 'default', 'types'],
      exportsFields: ['exports'],
    },
  },
}
