import type { Pdfium } from './pdfium.ts'
import { readText } from './pdfium.ts'

/** Annotation types of PDFium's fpdf_annot.h. */
const LINK = 2
const POPUP = 16
const WIDGET = 20
/** Field types of its fpdf_formfill.h. */
const PUSH_BUTTON = 1
const CHECK_BOX = 2
const RADIO_BUTTON = 3
/** PDF 32000-1, table 228. */
const PASSWORD_FLAG = 1 << 13

/** The values of a page's form fields as `label: value`, and what is written in its notes; each once. */
export function annotationLines(lib: Pdfium, page: number, form: number): string[] {
  const lines = new Set<string>()
  const count = lib.FPDFPage_GetAnnotCount(page)
  if (count === 0) return []
  // Before that, no box is ticked.
  if (form !== 0) lib.FORM_OnAfterLoadPage(page, form)
  for (let index = 0; index < count; index++) {
    const annotation = lib.FPDFPage_GetAnnot(page, index)
    if (annotation === 0) continue
    const line = describe(lib, annotation, form).trim()
    if (line !== '') lines.add(line)
    lib.FPDFPage_CloseAnnot(annotation)
  }
  if (form !== 0) lib.FORM_OnBeforeClosePage(page, form)
  return [...lines]
}

function describe(lib: Pdfium, annotation: number, form: number): string {
  switch (lib.FPDFAnnot_GetSubtype(annotation)) {
    case WIDGET:
      return describeField(lib, annotation, form)
    // A link says where it leads; a pop-up repeats the note that it belongs to.
    case LINK:
    case POPUP:
      return ''
    default:
      return readText(lib, (buffer, bytes) => lib.FPDFAnnot_GetStringValue(annotation, 'Contents', buffer, bytes))
  }
}

function describeField(lib: Pdfium, annotation: number, form: number): string {
  if (form === 0) return ''
  const value = fieldValue(lib, annotation, form).trim()
  if (value === '') return ''
  const label =
    readText(lib, (buffer, bytes) => lib.FPDFAnnot_GetFormFieldAlternateName(form, annotation, buffer, bytes)) ||
    readText(lib, (buffer, bytes) => lib.FPDFAnnot_GetFormFieldName(form, annotation, buffer, bytes))
  return label === '' ? value : `${label}: ${value}`
}

function fieldValue(lib: Pdfium, annotation: number, form: number): string {
  const type = lib.FPDFAnnot_GetFormFieldType(form, annotation)
  if (type === PUSH_BUTTON || lib.FPDFAnnot_GetFormFieldFlags(form, annotation) & PASSWORD_FLAG) return ''
  if (type !== CHECK_BOX && type !== RADIO_BUTTON)
    return readText(lib, (buffer, bytes) => lib.FPDFAnnot_GetFormFieldValue(form, annotation, buffer, bytes))
  if (!lib.FPDFAnnot_IsChecked(form, annotation)) return ''
  return readText(lib, (buffer, bytes) => lib.FPDFAnnot_GetFormFieldExportValue(form, annotation, buffer, bytes))
}
