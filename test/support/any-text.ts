import fc from 'fast-check'

const prose = fc.array(
  fc.constantFrom(
    'Alpha beta gamma. ',
    'Is it? ',
    'delta\n',
    '\n\n',
    '# Title\n',
    '\t',
    'x'.repeat(70),
    '日本語の文。',
    '👩‍👩‍👧‍👦',
    'é́ ',
    '\r\n',
    '```\n',
    'ก็ ',
    ' \u0301',
  ),
  { maxLength: 80, size: 'max' },
)
const line = fc.constantFrom(
  'a',
  'b c',
  '1 | 2',
  '',
  'x'.repeat(40),
  'Said. So.',
  '日本語',
  '\u0301',
  '# T',
  '👩‍👩‍👧‍👦',
)
const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = fc
  .record({
    header: fc.array(fc.constantFrom('Id', 'Name', 'Price in euros', 'größe'), { minLength: 1, maxLength: 3 }),
    rows: fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 30, size: 'max' }),
    lineBreak: fc.constantFrom('\n', '\n', '\r\n'),
  })
  .map(({ header, rows, lineBreak }) =>
    [row(header), row(header.map(() => '---')), ...rows.map(row)].map((each) => each + lineBreak).join(''),
  )
const code = fc
  .record({
    fence: fc.constantFrom('```', '~~~', '````'),
    language: fc.constantFrom('', 'ts', ' js'),
    lines: fc.array(line, { maxLength: 12 }),
    closed: fc.boolean(),
  })
  .map(({ fence, language, lines, closed }) => [fence + language, ...lines, closed ? `${fence}\n` : ''].join('\n'))
const structured = fc
  .array(fc.oneof({ arbitrary: prose.map((parts) => parts.slice(0, 12).join('')), weight: 2 }, table, code), {
    maxLength: 6,
  })
  .chain((parts) => fc.constantFrom('\n', '\n\n').map((gap) => parts.join(gap)))

/** Prose, tables and code, whole and broken, and strings that are hard to cut. */
export const anyText = fc.oneof(
  { arbitrary: structured, weight: 4 },
  prose.map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme', maxLength: 300, size: 'max' }),
  fc.string({ unit: 'binary', maxLength: 300, size: 'max' }),
  fc.string({
    unit: fc.constantFrom(' ', '\n', '.', 'a', 'B', '🇩', '🇪', '\u0301', '\u200d', '한', '\ud83d'),
    maxLength: 300,
    size: 'max',
  }),
)
