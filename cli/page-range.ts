/** `page 4`, `pages 4–6` */
export const pageRange = ({ page_start, page_end }: { readonly page_start: number; readonly page_end: number }) =>
  page_start === page_end ? `page ${page_start}` : `pages ${page_start}–${page_end}`
