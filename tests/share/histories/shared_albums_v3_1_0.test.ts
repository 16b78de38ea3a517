import { testAlbumHistories } from '../oracle/property.ts';

testAlbumHistories('v3.1.0', { byDefault: false });
