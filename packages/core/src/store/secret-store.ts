// The part of the storage port that keeps secrets which the processes of one deployment must share.

export interface SecretStore {
  /**
   * The secret of that name, made by whoever asks first: the candidate is stored where there is none, and what is stored is
   * returned. Two processes that ask at the same moment get the same one. Nothing is ever replaced.
   */
  ensure(name: string, candidate: string): Promise<string>;
}
