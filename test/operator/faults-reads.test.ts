/** The operator's reads fail, the API is away, or a server with an old watch cache answers. */
import { campaign } from './faults/campaign.ts';

campaign('outages');
campaign('refusedReads');
campaign('twins');
