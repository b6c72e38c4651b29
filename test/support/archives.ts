import { strToU8, zipSync } from 'fflate'

/** What is in an archive, by the names of its parts. */
export type Parts = Readonly<Record<string, string | Uint8Array>>

export const zip = (parts: Parts): Buffer =>
  Buffer.from(
    zipSync(
      Object.fromEntries(
        Object.entries(parts).map(([name, content]) => [
          name,
          typeof content === 'string' ? strToU8(content) : content,
        ]),
      ),
    ),
  )

export type Metadata = { readonly title?: string; readonly author?: string }

const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const R = `xmlns:r="${OFFICE}/relationships"`

const coreProperties = ({ title = '', author = '' }: Metadata) =>
  `<cp:coreProperties xmlns:cp="${PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>${title}</dc:title><dc:creator>${author}</dc:creator></cp:coreProperties>`

const contentTypes = (main: string, type: string) =>
  `<Types xmlns="${PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="${main}" ContentType="${type}"/></Types>`

/** `targets` by the type of what they are; each has the id `r` and its place, from 1. */
const relationships = (targets: readonly (readonly [type: string, target: string])[]) =>
  `<Relationships xmlns="${PACKAGE}/relationships">${targets
    .map(
      ([type, target], index) =>
        `<Relationship Id="r${index + 1}" Type="${OFFICE}/relationships/${type}" Target="${target}"/>`,
    )
    .join('')}</Relationships>`

export const DOCX_TYPE = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'
const W = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" ${R}`

type Docx = Metadata & {
  /** The paragraphs and tables of the document. */
  readonly body: string
  readonly contentType?: string
  /** Paragraphs of the page's head and foot, of footnote 1 and of comment 1. */
  readonly header?: string
  readonly footer?: string
  readonly footnote?: string
  readonly comment?: string
}

export const docx = ({ body, contentType = DOCX_TYPE, header, footer, footnote, comment, ...metadata }: Docx): Buffer =>
  zip({
    '[Content_Types].xml': contentTypes('/word/document.xml', contentType),
    '_rels/.rels': relationships([['officeDocument', 'word/document.xml']]),
    'docProps/core.xml': coreProperties(metadata),
    'word/_rels/document.xml.rels': relationships([
      ['header', 'header1.xml'],
      ['footer', 'footer1.xml'],
    ]),
    'word/styles.xml': `<w:styles ${W}><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style><w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/></w:style></w:styles>`,
    'word/numbering.xml': `<w:numbering ${W}>${listStyle(1, 'bullet')}${listStyle(2, 'decimal')}</w:numbering>`,
    ...(header && { 'word/header1.xml': `<w:hdr ${W}>${header}</w:hdr>` }),
    ...(footer && { 'word/footer1.xml': `<w:ftr ${W}>${footer}</w:ftr>` }),
    ...(footnote && {
      'word/footnotes.xml': `<w:footnotes ${W}><w:footnote w:id="1">${footnote}</w:footnote></w:footnotes>`,
    }),
    ...(comment && { 'word/comments.xml': `<w:comments ${W}><w:comment w:id="1">${comment}</w:comment></w:comments>` }),
    'word/document.xml': `<w:document ${W}><w:body>${body}<w:sectPr><w:headerReference w:type="default" r:id="r1"/><w:footerReference w:type="default" r:id="r2"/></w:sectPr></w:body></w:document>`,
  })

const listStyle = (id: number, format: string) =>
  `<w:abstractNum w:abstractNumId="${id}">${[0, 1].map((level) => `<w:lvl w:ilvl="${level}"><w:numFmt w:val="${format}"/></w:lvl>`).join('')}</w:abstractNum><w:num w:numId="${id}"><w:abstractNumId w:val="${id}"/></w:num>`

const A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
const P = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" ${A} ${R}`

type Slide = { readonly shapes: string; readonly notes?: string }

/** Slides are shown in the order given, and have their file names, and their places in the archive, in the opposite one. */
export function pptx({ slides, ...metadata }: Metadata & { readonly slides: readonly Slide[] }): Buffer {
  const number = (index: number) => slides.length - index
  const parts = slides.map(({ shapes, notes }, index): Parts => {
    const n = number(index)
    return {
      [`ppt/slides/slide${n}.xml`]: `<p:sld ${P}><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></p:sld>`,
      ...(notes && {
        [`ppt/slides/_rels/slide${n}.xml.rels`]: relationships([['notesSlide', `../notesSlides/notesSlide${n}.xml`]]),
        [`ppt/notesSlides/notesSlide${n}.xml`]: `<p:notes ${P}><p:cSld><p:spTree>${notes}</p:spTree></p:cSld></p:notes>`,
      }),
    }
  })
  return zip({
    '[Content_Types].xml': contentTypes(
      '/ppt/presentation.xml',
      'application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml',
    ),
    '_rels/.rels': relationships([['officeDocument', 'ppt/presentation.xml']]),
    'docProps/core.xml': coreProperties(metadata),
    'ppt/_rels/presentation.xml.rels': relationships(
      slides.map((_, index) => ['slide', `slides/slide${number(index)}.xml`]),
    ),
    'ppt/presentation.xml': `<p:presentation ${P}><p:sldIdLst>${slides.map((_, index) => `<p:sldId id="${256 + index}" r:id="r${index + 1}"/>`).join('')}</p:sldIdLst></p:presentation>`,
    ...Object.assign({}, ...parts.toReversed()),
  })
}

const SHEET = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ${R}`

type Sheet = { readonly name: string; readonly rows: string; readonly state?: string; readonly comments?: string }

/** Sheets stand in the archive in the opposite order. `sharedStrings` are its items, `styles` the formats of cells. */
export function xlsx(
  workbook: Metadata & { sheets: readonly Sheet[]; sharedStrings?: string; styles?: string; properties?: string },
): Buffer {
  const { sheets, sharedStrings = '', styles = '', properties = '', ...metadata } = workbook
  const parts = sheets.map(
    ({ rows, comments }, index): Parts => ({
      [`xl/worksheets/sheet${index + 1}.xml`]: `<worksheet ${SHEET}><sheetData>${rows}</sheetData></worksheet>`,
      ...(comments && {
        [`xl/worksheets/_rels/sheet${index + 1}.xml.rels`]: relationships([
          ['comments', `../comments${index + 1}.xml`],
        ]),
        [`xl/comments${index + 1}.xml`]: `<comments ${SHEET}><commentList>${comments}</commentList></comments>`,
      }),
    }),
  )
  return zip({
    '[Content_Types].xml': contentTypes(
      '/xl/workbook.xml',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml',
    ),
    '_rels/.rels': relationships([['officeDocument', 'xl/workbook.xml']]),
    'docProps/core.xml': coreProperties(metadata),
    'xl/_rels/workbook.xml.rels': relationships(
      sheets.map((_, index) => ['worksheet', `worksheets/sheet${index + 1}.xml`]),
    ),
    'xl/workbook.xml': `<workbook ${SHEET}>${properties}<sheets>${sheets.map(({ name, state = 'visible' }, index) => `<sheet name="${name}" sheetId="${index + 1}" state="${state}" r:id="r${index + 1}"/>`).join('')}</sheets></workbook>`,
    'xl/sharedStrings.xml': `<sst ${SHEET}>${sharedStrings}</sst>`,
    'xl/styles.xml': `<styleSheet ${SHEET}>${styles}</styleSheet>`,
    ...Object.assign({}, ...parts.toReversed()),
  })
}

const ODF = ['office', 'style', 'text', 'table', 'draw', 'presentation']
  .map((name) => `xmlns:${name}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`)
  .join(' ')
const DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'

const ODF_TYPES = { odt: 'text', ods: 'spreadsheet', odp: 'presentation' } as const

type Odf = Metadata & {
  /** What is in the body's `office:text`, `office:spreadsheet` or `office:presentation`. */
  readonly body: string
  /** Paragraphs of the page's head and foot. */
  readonly header?: string
  readonly footer?: string
  /** What the manifest says of each part. */
  readonly entry?: string
}

export function odf(
  type: keyof typeof ODF_TYPES,
  { body, header, footer, entry = '', title = '', author = '' }: Odf,
): Buffer {
  const kind = ODF_TYPES[type]
  const mimetype = `application/vnd.oasis.opendocument.${kind}`
  return zip({
    mimetype,
    'META-INF/manifest.xml': `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="${mimetype}"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">${entry}</manifest:file-entry></manifest:manifest>`,
    'meta.xml': `<office:document-meta ${ODF} ${DC}><office:meta><dc:title>${title}</dc:title><dc:creator>${author}</dc:creator></office:meta></office:document-meta>`,
    'styles.xml': `<office:document-styles ${ODF}><office:master-styles><style:master-page style:name="Standard"><style:header>${header ?? ''}</style:header><style:footer>${footer ?? ''}</style:footer></style:master-page></office:master-styles></office:document-styles>`,
    'content.xml': `<office:document-content ${ODF} ${DC}><office:automatic-styles><text:list-style style:name="List"><text:list-level-style-bullet text:level="1" text:bullet-char="•"/></text:list-style></office:automatic-styles><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
  })
}

/** Chapters, each the body of a page, are read in the order given, and have their file names, and their places in the archive, in the opposite one. */
export function epub({
  chapters,
  title = '',
  author = '',
}: Metadata & { readonly chapters: readonly string[] }): Buffer {
  const name = (index: number) => `${chapters.length - index}.xhtml`
  const items = chapters.map(
    (_, index) => `<item id="c${index}" href="${name(index)}" media-type="application/xhtml+xml"/>`,
  )
  const parts = chapters.map(
    (body, index): Parts => ({
      [`OEBPS/${name(index)}`]: `<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Chapter</title></head><body>${body}</body></html>`,
    }),
  )
  return zip({
    mimetype: 'application/epub+zip',
    'META-INF/container.xml':
      '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
    'OEBPS/book.opf': `<package xmlns="http://www.idpf.org/2007/opf"><metadata ${DC}><dc:title>${title}</dc:title><dc:creator>${author}</dc:creator></metadata><manifest>${items.toReversed().join('')}</manifest><spine>${chapters.map((_, index) => `<itemref idref="c${index}"/>`).join('')}</spine></package>`,
    ...Object.assign({}, ...parts.toReversed()),
  })
}
