import { createHash } from 'node:crypto'

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
code{font-family:ui-monospace,monospace}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid #ddd}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#8ab4f8}th,td{border-color:#444}}`

/** The only inline style that the page's Content-Security-Policy allows. */
export const styleSource = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`

type Parameter = { name: string; in: string; description?: string }
export type Operation = {
  method: string
  path: string
  summary: string
  description: string
  parameters: readonly Parameter[]
  needsToken: boolean
}

/** The routes as one HTML page: no script, no external resource. */
export function docsPage(operations: readonly Operation[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Cordon API</title><style>${STYLE}</style></head><body>
<h1>Cordon API</h1>
<p>Everything under <code>/v1</code> needs <code>Authorization: Bearer …</code> with the token that
<code>cordon start</code> printed. It reads, and takes what people sign. Errors are
<code>application/problem+json</code> (RFC 9457). The machine-readable description:
<a href="/openapi.json">openapi.json</a>.</p>
<table><thead><tr><th>Request</th><th>What it gives</th><th>Parameters</th></tr></thead><tbody>
${operations.map(rowOf).join('\n')}
</tbody></table></body></html>
`
}

function rowOf({ method, path, summary, description, parameters, needsToken }: Operation): string {
  const listed = parameters.map(
    (item) =>
      `<code>${escapeHtml(item.name)}</code> (${escapeHtml(item.in)}) ${escapeHtml(item.description ?? '')}`,
  )
  const token = needsToken ? '' : ' <em>(no token)</em>'
  const more = description === '' ? '' : `<br><small>${escapeHtml(description)}</small>`
  return `<tr><td><code>${escapeHtml(method)} ${escapeHtml(path)}</code>${token}</td><td>${escapeHtml(summary)}${more}</td><td>${listed.join('<br>')}</td></tr>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
