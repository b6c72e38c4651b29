/** Imports point one way: domain ← workflows, activities, adapters ← api, worker ← stack, test, bench. A test shows that each rule bites. */
const OURS = '^((domain|workflows|activities|adapters|api|worker|stack|cli|examples|test|bench|config)/|config\\.ts$)'

/** Any package but these. A vendor's name appears in adapters, stack, config and main.ts only, so a layer lists what it may use. */
const packagesBut = (...names) => ({ path: 'node_modules/', pathNot: `node_modules/(${names.join('|')})/` })

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: OURS, pathNot: '^(examples|test/|bench/ingest/tell-heap)|\\.d\\.ts$' },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'domain-imports-nothing',
      severity: 'error',
      from: { path: '^domain/' },
      to: { pathNot: '^(domain/|node:|(crypto|stream)$)' },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'Workflow code runs in a sandbox: of activities it takes types only.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: '^(workflows|domain)/|node_modules/@temporalio/(workflow|common)/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'workflows-know-activities-only',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { pathNot: '^(workflows|domain|activities)/|node_modules/@temporalio/(workflow|common)/' },
    },
    {
      name: 'activities-use-ports',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: OURS, pathNot: '^(activities|domain)/|^workflows/contract\\.ts$' },
    },
    {
      name: 'activities-know-no-vendor',
      severity: 'error',
      from: { path: '^activities/' },
      to: packagesBut('@temporalio/(activity|client|common)'),
    },
    {
      name: 'adapters-serve-the-domain',
      severity: 'error',
      from: { path: '^adapters/' },
      to: { path: OURS, pathNot: '^(adapters|domain)/|^config\\.ts$' },
    },
    {
      name: 'adapters-take-options',
      comment: 'Configuration is read by main.ts; adapters know its types.',
      severity: 'error',
      from: { path: '^adapters/' },
      to: { path: '^config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'tracing-is-loaded-on-demand',
      comment: 'Where nothing is traced, it costs nothing.',
      severity: 'error',
      from: { pathNot: '^(adapters/opentelemetry|test)/|node_modules/' },
      to: {
        path: '^adapters/opentelemetry/|node_modules/@opentelemetry/',
        dependencyTypesNot: ['type-only', 'dynamic-import'],
      },
    },
    {
      name: 'api-imports-the-contract-only',
      severity: 'error',
      from: { path: '^api/' },
      to: { path: '^(workflows/(?!contract\\.ts$)|(activities|worker|stack|cli)/)' },
    },
    {
      name: 'only-main-composes',
      severity: 'error',
      from: { path: '^(api|worker)/', pathNot: '/main\\.ts$' },
      to: { path: '^(adapters/|config\\.ts$)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'api-knows-no-vendor',
      severity: 'error',
      from: { path: '^api/', pathNot: '/main\\.ts$' },
      to: packagesBut(
        'fastify',
        '@fastify/[^/]+',
        'typebox',
        'ajv',
        'ajv-formats',
        'content-disposition',
        'prom-client',
        '@temporalio/(client|common)',
      ),
    },
    {
      name: 'worker-knows-no-vendor',
      severity: 'error',
      from: { path: '^worker/', pathNot: '/main\\.ts$' },
      to: packagesBut('@temporalio/(activity|common|worker)'),
    },
    { name: 'worker-stands-alone', severity: 'error', from: { path: '^worker/' }, to: { path: '^(api|stack|cli)/' } },
    {
      name: 'stack-starts-processes',
      severity: 'error',
      from: { path: '^stack/' },
      to: { path: '^((activities|adapters|api|worker|cli)/|workflows/(?!contract\\.ts$))' },
    },
    {
      name: 'cli-is-a-client',
      comment: 'Of HTTP, or of Temporal: what it knows of workflows is what the API knows of them.',
      severity: 'error',
      from: { path: '^cli/', pathNot: '^cli/operator/' },
      to: {
        path: '^(workflows/(?!contract\\.ts$)|(activities|adapters|api|worker|stack)/)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'operator-composes-adapters',
      comment: "The operator's own commands talk to the services themselves, while neither api nor worker runs.",
      severity: 'error',
      from: { path: '^cli/operator/' },
      to: { path: '^(workflows/(?!contract\\.ts$)|(activities|api|worker|stack)/)' },
    },
    {
      name: 'cli-knows-no-vendor',
      severity: 'error',
      from: { path: '^cli/' },
      to: packagesBut(
        'cli-progress',
        'commander',
        'eventsource-parser',
        'ms',
        'typebox',
        '@temporalio/(client|common)',
      ),
    },
    {
      name: 'config-stands-alone',
      comment:
        'But what is unset depends on whether a local model is set up, and what that takes is written down once.',
      severity: 'error',
      from: { path: '^config(/|\\.ts$)' },
      to: { path: OURS, pathNot: '^(config/|adapters/local/why-not-set-up\\.ts$)' },
    },
    {
      name: 'config-is-imported-whole',
      comment: 'Its parts are its own business: others know config.ts only.',
      severity: 'error',
      from: { pathNot: '^config(/|\\.ts$)' },
      to: { path: '^config/' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench|examples)/' },
      to: { path: '^(test|bench|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(\\.data|node_modules/\\.cache|bench/langchain/)' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
