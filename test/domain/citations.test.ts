import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { CitationMarkers, withoutMarkers } from '../../domain/citation-markers.ts'
import { citedStatements } from '../../domain/cited-statements.ts'

const PIECES = [
  ...[
    '[1]',
    '[2]',
    '[3]',
    '[9]',
    '[0]',
    '[1, 3]',
    '[1,9]',
    '[',
    ']',
    '1',
    '2',
    ',',
    ' ',
    '\n',
    '- ',
    '1. ',
    '. ',
    '! ',
  ],
  ...['The gauge is calm', 'Zwölf Boxkämpfer', '東京です。', 'a[i]', '[2024]', '🙂', '0.45 m', 'values'],
  ...['`', '``', '```', '```\n', '\n```ts\n'],
]
const written = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join(''))
const GIVEN = 3

function through(text: string, ...cuts: number[]) {
  const markers = new CitationMarkers(GIVEN)
  const bounds = [0, ...cuts.toSorted((a, b) => a - b), text.length]
  const parts = bounds.slice(1).map((end, i) => markers.push(text.slice(bounds[i], end)))
  parts.push(markers.end())
  assert.equal(parts.join(''), markers.shown)
  const { shown: answer, citations, removed, isUnanswered } = markers
  return { parts, answer, citations, removed, isUnanswered }
}

describe('citations in an answer that is written', () => {
  test('are the same however it is cut', () => {
    fc.assert(
      fc.property(written, fc.array(fc.nat(200)), (text, cuts) => {
        const { parts: _, ...whole } = through(text)
        const { parts, ...inPieces } = through(text, ...cuts.map((cut) => Math.min(cut, text.length)))
        assert.deepEqual(inPieces, whole)
        const ends = parts.map((_, i) => parts.slice(0, i + 1).join('').length)
        for (const { start, end } of whole.citations)
          assert.ok(!ends.some((cut) => start < cut && cut < end), 'no citation is split')
      }),
    )
  })

  test('stand for a passage that was given, or are not shown, but for code and indices', () => {
    const plain = written.filter((text) => !text.includes('`'))
    fc.assert(
      fc.property(plain, (text) => {
        const { answer, citations } = through(text)
        const others = citations.reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), answer)
        assert.doesNotMatch(others, /(?<![\w$\]])\[\d{1,3}\]/)
        for (const { number, start, end } of citations) {
          assert.ok(number >= 1 && number <= GIVEN, text)
          assert.equal(answer.slice(start, end).trim(), `[${number}]`)
        }
      }),
    )
  })

  for (const [text, answer, removed] of [
    ['It is 0.45 m [1].', 'It is 0.45 m [1].', 0],
    ['It is 0.45 m [9].', 'It is 0.45 m.', 1],
    ['It is 0.45 m [1, 9,3].', 'It is 0.45 m [1][3].', 1],
    ['[0] I do not know.', 'I do not know.', 0],
    ['[0]. I do not know.', 'I do not know.', 0],
    ['[0].', '', 0],
    ['In [2024] and a[i] and [1', 'In [2024] and a[i] and [1', 0],
    ['[7[9]]', '[7.]', 1],
    ['0.45[9]', '0.45', 1],
    ['values[0] [1]', 'values[0] [1]', 0],
    ['buf[12] and m[0][12] and $[7]', 'buf[12] and m[0][12] and $[7]', 0],
    ['See reference [12].', 'See reference.', 1],
    ['It is not there [0].', 'It is not there.', 0],
    ['Write `x = [9]`, ``a`[0]`` [1] [9].', 'Write `x = [9]`, ``a`[0]`` [1].', 1],
    ['A 5` pipe [9].\nAnd ` [9]', 'A 5` pipe.\nAnd `', 2],
    ['```ts\nf [0] [9] `\n```\nSo [9] it is [2].', '```ts\nf [0] [9] `\n```\nSo it is [2].', 1],
    ['```x``` [9]', '```x```', 1],
    ['```\n[1] [9]', '```\n[1] [9]', 0],
  ] as const)
    test(`make ${JSON.stringify(answer)} of ${JSON.stringify(text)}`, () => {
      const found = through(text)
      assert.deepEqual([found.answer, found.removed], [answer, removed])
      assert.equal(found.isUnanswered, text.startsWith('[0]'))
    })
})

test('citations of an earlier answer are taken out of it', () => {
  const said = '[0] Not all. It is 0.45 m [1][12]. Use values[0], `a[1]`:\n```\nb [2]\n```\n[3]'
  assert.equal(withoutMarkers(said), 'Not all. It is 0.45 m. Use values[0], `a[1]`:\n```\nb [2]\n```\n')
})

describe('statements of an answer', () => {
  test('have every letter once and in order, and every citation where there is one', () => {
    fc.assert(
      fc.property(written, (text) => {
        const { answer, citations } = through(text)
        const statements = citedStatements(answer, citations)
        let end = 0
        for (const statement of statements) {
          assert.ok(statement.start >= end && statement.end > statement.start, JSON.stringify([answer, statements]))
          assert.doesNotMatch(answer.slice(end, statement.start), /\p{L}/u)
          const within = citations.filter(({ start }) => start >= statement.start && start < statement.end)
          const text = within.reduceRight(
            (rest, cited) => rest.slice(0, cited.start - statement.start) + rest.slice(cited.end - statement.start),
            answer.slice(statement.start, statement.end),
          )
          assert.equal(text.trim(), statement.text)
          end = statement.end
        }
        assert.doesNotMatch(answer.slice(end), /\p{L}/u)
        const cited = new Set(statements.flatMap((statement) => statement.citations))
        if (statements.length > 0) assert.deepEqual(cited, new Set(citations.map(({ number }) => number)))
      }),
    )
  })

  for (const [answer, expected] of [
    [
      'It is 0.45 m [1]. At 50 kHz it is 1.2 m [2][1].',
      [
        ['It is 0.45 m.', 1],
        ['At 50 kHz it is 1.2 m.', 1, 2],
      ],
    ],
    [
      'It is 0.45 m. [1] At 50 kHz more. [2]',
      [
        ['It is 0.45 m.', 1],
        ['At 50 kHz more.', 2],
      ],
    ],
    ['I like depth. It is 0.45 m [1].', [['I like depth.'], ['It is 0.45 m.', 1]]],
    ['## Depth\n1. Deep [1].\n2. Shallow\n- [2] Wide', [['## Depth'], ['1. Deep.', 1], ['2. Shallow'], ['- Wide', 2]]],
    ['Deep.\n[2] Wide.\n[1]', [['Deep.'], ['Wide.', 1, 2]]],
    ['42 [1]', [['42', 1]]],
    ['Use values[0] [1].', [['Use values[0].', 1]]],
    ['Use `a [1]` here.', [['Use `a [1]` here.']]],
    [
      '深さは一二〇米です[1]。幅は二米です[2]。',
      [
        ['深さは一二〇米です。', 1],
        ['幅は二米です。', 2],
      ],
    ],
    ['', []],
  ] as const)
    test(`are found in ${JSON.stringify(answer)}`, () => {
      const found = citedStatements(answer, through(answer).citations).map(({ text, citations }) => [
        text,
        ...citations,
      ])
      assert.deepEqual(found, expected)
    })
})
