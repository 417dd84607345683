/* Where an item of a long job is. */
#pragma once

enum progress_state {
	PROGRESS_WAITING,
	PROGRESS_EXTRACTING,
	PROGRESS_PRESENT, /* was there already */
	PROGRESS_DONE,
	PROGRESS_FAILED
};
