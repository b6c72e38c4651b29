import { SUMMARY } from './experts.ts'
import { FAILED_FILE } from './files.ts'
import { FILE_ID, OTHER_FILE_ID } from './ids.ts'

/* What an expert answers, and events of streams. */

const PASSAGE = {
  text: 'The blanking distance of the transducer is 0.45 metres at 200 kHz and 1.20 metres at 50 kHz. Anything nearer than the blanking distance cannot be measured.',
  score: 1,
  dense_score: 0.397,
  keyword_score: 9.36,
  file_id: FILE_ID,
  file_name: 'test.pdf',
  url: `http://127.0.0.1:8000/knowledge-base/files/${FILE_ID}/content#page=4`,
  page_start: 4,
  page_end: 4,
  heading_path: ['3 Operating ranges'],
  chunk_index: 3,
  start_offset: 1_936,
  end_offset: 2_430,
}

export const SEARCH = { query: 'blanking distance of the transducer at 200 kHz', top_k: 1, pages: { from: 1, to: 10 } }
export const SEARCH_RESULTS = { results: [PASSAGE] }

export const QUESTION = {
  message: 'And how near can it measure at 200 kHz?',
  history: [
    { role: 'user', content: 'Which frequencies does the S200 have?' },
    { role: 'assistant', content: 'It has 50 kHz and 200 kHz.' },
  ],
}

const CITATION = { id: `${FILE_ID}#3`, marker: 1, ...PASSAGE }

export const CHAT_ANSWER = {
  answer: 'It measures from 0.45 metres on at 200 kHz [1].',
  answered: true,
  reason: null,
  citations: [CITATION],
  statements: [{ text: 'It measures from 0.45 metres on at 200 kHz.', start: 0, end: 47, citations: [1] }],
  removed_markers: 0,
  cut_off: false,
  model: 'gpt-5.4-mini',
  usage: { prompt_tokens: 1_290, completion_tokens: 17 },
}

const event = (name: string, data: unknown, id?: number) => ({
  event: name,
  data: JSON.stringify(data),
  ...(id !== undefined && { id: String(id) }),
})

export const CHAT_EVENTS = [
  event('passages', { passages: [CITATION] }),
  event('delta', { text: 'It measures from 0.45 metres on' }),
  event('done', CHAT_ANSWER),
]

const progress = { status: 'processing', status_reason: null, files: 2, indexed: 0, failed: 1, pending: 1 }

export const EXPERT_EVENTS = [
  event('progress', { ...progress, files_per_second: 0.5, eta_seconds: 2 }, 1_509),
  event(
    'file',
    {
      file_id: OTHER_FILE_ID,
      name: FAILED_FILE.name,
      status: 'failed',
      stage: FAILED_FILE.stage,
      code: FAILED_FILE.code,
      message: FAILED_FILE.message,
    },
    1_514,
  ),
  event('summary', SUMMARY, 1_522),
]
