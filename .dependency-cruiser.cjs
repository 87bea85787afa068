// The table of rooms: what each may import. Type imports count (tsPreCompilationDeps). Imports go down only.
const rooms = {
  kit: [],
  model: ['kit'],
  words: ['kit', 'model'],
  store: ['kit', 'model'],
  chain: ['kit', 'model'],
  facts: ['kit', 'model'],
  detect: ['kit', 'model', 'facts'],
  calibrate: ['kit', 'model'],
  incidents: ['kit', 'model', 'store', 'detect', 'calibrate'],
  playbooks: ['kit', 'model', 'store'],
  contain: ['kit', 'model', 'store', 'chain', 'calibrate'],
  forensics: ['kit', 'model', 'facts', 'store', 'chain'],
  files: ['kit', 'model', 'detect', 'calibrate', 'playbooks'],
  names: ['kit', 'model', 'words', 'chain', 'facts', 'forensics', 'contain'],
  notify: ['kit', 'model', 'words'],
  reports: ['kit', 'model', 'words'],
}
/** Writes reports to files, with what is on record: the one part of the room that is not pure. */
const share = ['reports', 'kit', 'model', 'words', 'store', 'incidents', 'contain', 'names']

// Workflows use the rooms and never one another; edges use workflows.
const below = Object.keys(rooms)
const workflows = ['respond', 'investigate', 'backtest', 'drills']
for (const workflow of workflows) rooms[workflow] = below
rooms.api = ['kit', 'model']
rooms.cli = [
  'kit',
  'model',
  'words',
  'contain',
  'incidents',
  'files',
  'names',
  'notify',
  'reports',
  'playbooks',
  ...workflows,
  'app',
]
rooms.app = [...below, ...workflows, 'api']

const pure = ['model', 'facts', 'detect', 'calibrate', 'words', 'reports/(?!share/)']

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-cycles-by-folder', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    ...Object.entries(rooms).map(([room, may]) => ({
      name: `room-${room}`,
      severity: 'error',
      comment: `${room}/ may import only ${['itself', ...may].join(', ')}`,
      from: {
        path: `^src/${room}/`,
        ...(room === 'reports' ? { pathNot: '^src/reports/share/' } : {}),
      },
      to: { path: '^src/', pathNot: `^src/(${[room, ...may].join('|')})/` },
    })),
    {
      name: 'room-reports-share',
      severity: 'error',
      from: { path: '^src/reports/share/' },
      to: { path: '^src/', pathNot: `^src/(${share.join('|')})/` },
    },
    {
      name: 'sql-only-in-store',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/store/' },
      to: { path: 'node_modules/(pg|postgres|kysely)/' },
    },
    {
      name: 'durable-runs-only-in-playbooks',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/playbooks/' },
      to: { path: 'node_modules/@dbos-inc/' },
    },
    {
      name: 'pure-rooms-do-no-io',
      severity: 'error',
      from: {
        path: `^src/(${pure.map((room) => (room.includes('/') ? room : `${room}/`)).join('|')})`,
      },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'src-imports-no-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'known-rooms-only',
      severity: 'error',
      from: { path: `^src/(?!(${Object.keys(rooms).join('|')})/)` },
      to: {},
    },
  ],
  options: {
    // Tests may use any room: they are no part of the structure.
    exclude: { path: '\\.test\\.ts$' },
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
