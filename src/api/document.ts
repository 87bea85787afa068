import type { Operation } from './docs-page.ts'
import type { Router } from './read-routes.ts'

export type OpenApiDocument = ReturnType<Router['getOpenAPI31Document']>

/** The OpenAPI 3.1 document of the registered routes: docs/schemas/openapi.json. */
export function openApiDocument(app: Router): OpenApiDocument {
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  app.openAPIRegistry.registerComponent('securitySchemes', 'queryToken', {
    type: 'apiKey',
    in: 'query',
    name: 'token',
  })
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Cordon',
      version: '1.0.0',
      description:
        'Reads what Cordon has on record and what goes on, and takes what people sign. Amounts are base units as decimal strings; times are milliseconds since the Unix epoch. Later versions may add fields.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
  })
}

/** The document's operations, flat. */
export function operationsOf({ paths = {} }: OpenApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, { get, post }]) =>
    Object.entries({ GET: get, POST: post }).flatMap(([method, operation]) =>
      operation === undefined
        ? []
        : [
            {
              method,
              path,
              summary: operation.summary ?? '',
              description: operation.description ?? '',
              parameters: (operation.parameters ?? []).flatMap((item) => ('name' in item ? [item] : [])),
              needsToken: operation.security !== undefined,
            },
          ],
    ),
  )
}
