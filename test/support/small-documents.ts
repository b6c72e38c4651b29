import { strToU8, zipSync } from 'fflate'
import { makePdf } from './pdf.ts'

const XML = '<?xml version="1.0" encoding="UTF-8"?>'
const OFFICE = 'http://schemas.openxmlformats.org'
const RELATIONS = `${OFFICE}/officeDocument/2006/relationships`
const OPEN = 'urn:oasis:names:tc:opendocument:xmlns'

const archive = (parts: Readonly<Record<string, string>>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(parts).map(([name, content]) => [name, strToU8(content)])))

const contentTypes = (part: string, type: string) =>
  `${XML}<Types xmlns="${OFFICE}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/${part}" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`

const relations = (type: string, target: string) =>
  `${XML}<Relationships xmlns="${OFFICE}/package/2006/relationships"><Relationship Id="rId1" Type="${RELATIONS}/${type}" Target="${target}"/></Relationships>`

const docx = () =>
  archive({
    '[Content_Types].xml': contentTypes('word/document.xml', 'wordprocessingml.document'),
    '_rels/.rels': relations('officeDocument', 'word/document.xml'),
    'word/document.xml': `${XML}<w:document xmlns:w="${OFFICE}/wordprocessingml/2006/main"><w:body><w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Pumps</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>Part</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Litres</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>`,
  })

const xlsx = () =>
  archive({
    '[Content_Types].xml': contentTypes('xl/workbook.xml', 'spreadsheetml.sheet'),
    '_rels/.rels': relations('officeDocument', 'xl/workbook.xml'),
    'xl/workbook.xml': `${XML}<workbook xmlns="${OFFICE}/spreadsheetml/2006/main" xmlns:r="${RELATIONS}"><sheets><sheet name="Pumps" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': relations('worksheet', 'worksheets/sheet1.xml'),
    'xl/sharedStrings.xml': `${XML}<sst xmlns="${OFFICE}/spreadsheetml/2006/main"><si><t>Part</t></si><si><t>Litres</t></si></sst>`,
    'xl/worksheets/sheet1.xml': `${XML}<worksheet xmlns="${OFFICE}/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="inlineStr"><is><t>P-7</t></is></c><c r="B2"><v>4.2</v></c></row></sheetData></worksheet>`,
  })

const pptx = () =>
  archive({
    '[Content_Types].xml': contentTypes('ppt/presentation.xml', 'presentationml.presentation'),
    '_rels/.rels': relations('officeDocument', 'ppt/presentation.xml'),
    'ppt/presentation.xml': `${XML}<p:presentation xmlns:p="${OFFICE}/presentationml/2006/main" xmlns:r="${RELATIONS}"><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations('slide', 'slides/slide1.xml'),
    'ppt/slides/slide1.xml': `${XML}<p:sld xmlns:p="${OFFICE}/presentationml/2006/main" xmlns:a="${OFFICE}/drawingml/2006/main"><p:cSld><p:spTree><p:sp><p:txBody><a:p><a:r><a:t>Pumps run slowly</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>`,
  })

const openDocument = (mimetype: string, body: string) =>
  archive({
    mimetype: `application/vnd.oasis.opendocument.${mimetype}`,
    'content.xml': `${XML}<office:document-content xmlns:office="${OPEN}:office:1.0" xmlns:text="${OPEN}:text:1.0" xmlns:table="${OPEN}:table:1.0" xmlns:draw="${OPEN}:drawing:1.0"><office:body>${body}</office:body></office:document-content>`,
    'META-INF/manifest.xml': `${XML}<manifest:manifest xmlns:manifest="${OPEN}:manifest:1.0"/>`,
  })

const odt = () =>
  openDocument(
    'text',
    '<office:text><text:h text:outline-level="1">Pumps</text:h><text:p>They run slowly.</text:p></office:text>',
  )
const ods = () =>
  openDocument(
    'spreadsheet',
    '<office:spreadsheet><table:table table:name="Pumps"><table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="3"><text:p>P-7</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet>',
  )
const odp = () =>
  openDocument(
    'presentation',
    '<office:presentation><draw:page draw:name="1"><draw:frame><draw:text-box><text:p>Pumps</text:p></draw:text-box></draw:frame></draw:page></office:presentation>',
  )

const epub = () =>
  archive({
    mimetype: 'application/epub+zip',
    'META-INF/container.xml': `${XML}<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`,
    'book.opf': `${XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Pumps</dc:title></metadata><manifest><item id="c1" href="c1.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c1"/></spine></package>`,
    'c1.xhtml': `${XML}<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Pumps</h1><p>They run slowly.</p></body></html>`,
  })

const RTF = String.raw`{\rtf1\ansi\deff0{\fonttbl{\f0 Times;}}{\info{\title Pumps}}\f0\fs24 They run \b slowly\b0, \u8364? 5.\par{\pict\pngblip 00}\trowd\cellx1000 A\cell B\cell\row}`

const MAIL = [
  'From: Ann <ann@example.org>',
  'To: ben@example.org',
  'Subject: =?UTF-8?B?UHVtcHM=?=',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html; charset=utf-8',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '<p>They run =C3=BCber.</p>',
  '--b',
  'Content-Type: text/plain; name=a.txt',
  'Content-Disposition: attachment; filename=a.txt',
  'Content-Transfer-Encoding: base64',
  '',
  'UHVtcHM=',
  '--b--',
].join('\r\n')

const TEXTS: Readonly<Record<string, string>> = {
  'small.rtf': RTF,
  'small.eml': MAIL,
  'small.html':
    '<!doctype html><title>Pumps</title><table><tr><td>P-7<td>4</table><ul><li>one<ul><li>two</ul></ul><pre>x</pre>',
  'small.xml': `${XML}<pumps unit="l"><pump id="7">slow</pump><!-- no --><![CDATA[<x>]]></pumps>`,
  'small.json': '{"pumps":[{"id":7,"says":"\\u00fcber\\n"},[[[1e9]]]]}',
  'small.jsonl': '{"id":7}\n{"id":8}\n{"id":9}\n',
  'small.csv': 'part;litres\nP-7;"4;2"\nP-8;5\nP-9;6\n',
  'small.md': '# Pumps\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- **two**\n',
}

/** A small document of each format that we read, by name. */
export async function smallDocuments(): Promise<Map<string, Uint8Array>> {
  const office = { docx, xlsx, pptx, odt, ods, odp, epub }
  return new Map([
    ['small.pdf', await makePdf(['Pumps run slowly.', 'Every day.'])],
    ...Object.entries(office).map(([type, make]) => [`small.${type}`, make()] as const),
    ...Object.entries(TEXTS).map(([name, text]) => [name, Buffer.from(text)] as const),
  ])
}
