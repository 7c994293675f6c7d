/** The operator dies, is refused, or loses the answer, at its writes. */
import { campaign } from './faults/campaign.ts';

campaign('deaths');
campaign('refusedWrites');
