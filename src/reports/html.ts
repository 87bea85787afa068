import { printable } from '../kit/text.ts'

/** An external text as inert HTML. */
export function html(text: string, max = 400): string {
  return printable(text, max).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

/**
 * A page of Cordon's own: no script, no external resource, readable without style too. `style` is added to the common
 * style of all pages.
 */
export function page(title: string, body: string, style = ''): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${html(title)}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #d8dee4;padding:.3rem .8rem;text-align:left}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}
div.wide{overflow-x:auto}code{overflow-wrap:anywhere}p.warn{border-left:.3rem solid #c4432b;padding-left:.8rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}small{color:#57606a}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}td,th{border-color:#30363d}small{color:#9da7b3}}
${style}</style></head><body>
${body}
</body></html>
`
}
