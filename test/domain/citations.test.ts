import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { CitationMarkers } from '../../domain/citation-markers.ts'
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
  ...['The gauge is calm', 'Zwölf Boxkämpfer', '東京です。', 'a[i]', '[2024]', '🙂', '0.45 m'],
]
const written = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join(''))
const GIVEN = 3

function through(text: string, ...cuts: number[]) {
  const markers = new CitationMarkers(GIVEN)
  const bounds = [0, ...cuts.toSorted((a, b) => a - b), text.length]
  const parts = bounds.slice(1).map((end, i) => markers.push(text.slice(bounds[i], end)))
  parts.push(markers.end())
  assert.equal(parts.join(''), markers.shown)
  return { parts, answer: markers.shown, removed: markers.removed, isUnanswered: markers.isUnanswered }
}

const shownIn = (text: string) => [...text.matchAll(/\[(\d{1,3})\]/g)].map(([, number]) => Number(number))

describe('citations in an answer that is written', () => {
  test('are the same however it is cut', () => {
    fc.assert(
      fc.property(written, fc.array(fc.nat(200)), (text, cuts) => {
        const { parts: _, ...whole } = through(text)
        const { parts, ...inPieces } = through(text, ...cuts.map((cut) => Math.min(cut, text.length)))
        assert.deepEqual(inPieces, whole)
        assert.deepEqual(parts.flatMap(shownIn), shownIn(whole.answer), 'no marker is split')
      }),
    )
  })

  test('stand for a passage that was given, or are not shown', () => {
    fc.assert(
      fc.property(written, (text) => {
        for (const number of shownIn(through(text).answer)) assert.ok(number >= 1 && number <= GIVEN, text)
      }),
    )
  })

  for (const [text, answer, removed] of [
    ['It is 0.45 m [1].', 'It is 0.45 m [1].', 0],
    ['It is 0.45 m [9].', 'It is 0.45 m.', 1],
    ['It is 0.45 m [1, 9,3].', 'It is 0.45 m [1][3].', 1],
    ['[0] I do not know.', 'I do not know.', 0],
    ['In [2024] and a[i] and [1', 'In [2024] and a[i] and [1', 0],
    ['[7[9]]', '[7.]', 1],
  ] as const)
    test(`make ${JSON.stringify(answer)} of ${JSON.stringify(text)}`, () => {
      const found = through(text)
      assert.deepEqual([found.answer, found.removed], [answer, removed])
      assert.equal(found.isUnanswered, text.includes('[0]'))
    })
})

describe('statements of an answer', () => {
  test('have every letter once and in order, and every citation where there is one', () => {
    fc.assert(
      fc.property(written, (text) => {
        const { answer } = through(text)
        const statements = citedStatements(answer)
        let end = 0
        for (const statement of statements) {
          assert.ok(statement.start >= end && statement.end > statement.start, JSON.stringify([answer, statements]))
          assert.doesNotMatch(answer.slice(end, statement.start), /\p{L}/u)
          assert.equal(
            answer
              .slice(statement.start, statement.end)
              .replaceAll(/[ \t]?\[\d{1,3}\]/g, '')
              .trim(),
            statement.text,
          )
          end = statement.end
        }
        assert.doesNotMatch(answer.slice(end), /\p{L}/u)
        const cited = new Set(statements.flatMap(({ citations }) => citations))
        if (statements.length > 0) assert.deepEqual(cited, new Set(shownIn(answer)))
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
      const found = citedStatements(answer).map(({ text, citations }) => [text, ...citations])
      assert.deepEqual(found, expected)
    })
})
