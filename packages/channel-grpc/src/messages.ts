// The messages of proto/meanwhile/v2/jobs.proto as they are here: absent is `undefined`, 64-bit numbers are numbers.

export interface SubmitJobRequest {
  readonly type?: string;
  readonly parameters_json?: string;
  readonly priority?: number;
  readonly run_at?: string;
  readonly delay_ms?: number;
  readonly start_within_ms?: number;
  readonly complete_within_ms?: number;
  readonly timeout_ms?: number;
  readonly retention_ms?: number;
  readonly callback_id?: string;
  readonly tags: readonly string[];
  readonly idempotency_key?: string;
  readonly concurrency_key?: string;
}

export interface JobRequest {
  readonly job_id?: string;
}

export interface WatchJobRequest extends JobRequest {
  readonly after_seq?: number;
}

export interface ListJobsRequest {
  readonly page_size?: number;
  readonly page_token?: string;
  readonly type?: string;
  readonly status?: string;
  readonly tag?: string;
  readonly callback_id?: string;
  readonly created_after?: string;
  readonly created_before?: string;
}

export interface ListJobsResponse {
  readonly jobs: readonly JobMessage[];
  readonly next_page_token: string;
}

export interface ErrorMessage {
  readonly code: string;
  readonly message: string;
  readonly details_json?: string;
}

export interface JobMessage {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly parameters_json: string;
  readonly progress: number;
  readonly message?: string;
  readonly current_step?: number;
  readonly total_steps?: number;
  readonly estimated_time_remaining_ms?: number;
  readonly priority: number;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly queue_position?: number;
  readonly cancel_requested: boolean;
  readonly callback_id?: string;
  readonly tags: readonly string[];
  readonly created_at: string;
  readonly updated_at: string;
  readonly started_at?: string;
  readonly completed_at?: string;
  readonly run_at: string;
  readonly start_by?: string;
  readonly complete_by?: string;
  readonly purge_at?: string;
  readonly result?: Uint8Array;
  readonly result_url?: string;
  readonly error?: ErrorMessage;
  readonly rerun_of?: string;
  readonly last_seq: number;
  readonly status_url: string;
}

export interface JobUpdate {
  readonly job_id: string;
  readonly seq: number;
  readonly type: string;
  readonly status: string;
  readonly progress?: number;
  readonly message?: string;
  readonly at: string;
  readonly result?: Uint8Array;
  readonly error?: ErrorMessage;
  readonly data_json: string;
  readonly attempt: number;
}
