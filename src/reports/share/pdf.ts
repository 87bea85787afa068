import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ReportDocument } from '../document.ts'
import { PDF_FONTS, pdfDocument } from '../pdf-document.ts'

/** The bytes of a report as PDF: the same for the same report. It reads two fonts of a package and nothing else. */
export async function pdfOf(report: ReportDocument): Promise<Uint8Array> {
  // Loaded on demand: it takes a tenth of a second, and most commands write no PDF.
  const { default: pdfmake } = await import('pdfmake')
  const fonts = join(dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json')), 'ttf')
  pdfmake.setFonts({
    [PDF_FONTS.sans]: family(fonts, 'DejaVuSans'),
    [PDF_FONTS.mono]: family(fonts, 'DejaVuSansMono'),
  })
  pdfmake.setUrlAccessPolicy(() => false)
  pdfmake.setLocalAccessPolicy((path) => dirname(path) === fonts)
  return pdfmake.createPdf(pdfDocument(report)).getBuffer()
}

function family(folder: string, name: string): Record<'normal' | 'bold' | 'italics' | 'bolditalics', string> {
  const [normal, bold] = [join(folder, `${name}.ttf`), join(folder, `${name}-Bold.ttf`)]
  return { normal, bold, italics: normal, bolditalics: bold }
}
