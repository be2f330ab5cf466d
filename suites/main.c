/* regionproof: the program. */
#include <stdio.h>

int main(void)
{
	puts("regionproof " REGIONPROOF_VERSION);
	return 0;
}
