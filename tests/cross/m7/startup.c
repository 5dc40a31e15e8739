/* Start of a program on the board mps2-an500 of qemu: vectors, memory, floats, semihosting; and a clock that counts instructions. */
#include <stdint.h>
#include <stdlib.h>

extern uint32_t image_data_source, image_data_begin, image_data_end, image_bss_begin, image_bss_end, image_stack_top;
extern void initialise_monitor_handles(void);
extern int main(void);

void Reset_Handler(void);
void Fault_Handler(void);
void _init(void);
void _fini(void);
unsigned long long tx_ticks(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {&image_stack_top, {Reset_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler}};

void _init(void) {}
void _fini(void) {}

void Fault_Handler(void) { _Exit(99); }

void Reset_Handler(void) {
    uint32_t *from = &image_data_source, *to = &image_data_begin;
    /* The unit for floats, by the coprocessor access control register. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    while (to < &image_data_end) *to++ = *from++;
    for (to = &image_bss_begin; to < &image_bss_end;) *to++ = 0;
    initialise_monitor_handles();
    exit(main());
}

/* SysTick runs at 25 MHz; `-icount shift=3` makes an instruction 8 ns: 5 instructions a tick. Asked at least once in 80 million instructions. */
unsigned long long tx_ticks(void) {
    static unsigned long long total;
    static uint32_t last;
    volatile uint32_t *const control = (volatile uint32_t *)0xE000E010, *const reload = (volatile uint32_t *)0xE000E014, *const now = (volatile uint32_t *)0xE000E018;
    uint32_t at;
    if (*control == 0) {
        *reload = 0xFFFFFF;
        *now = 0;
        *control = 5;
        while (*now == 0) {}
        last = *now;
    }
    at = *now;
    total += (last - at) & 0xFFFFFF;
    last = at;
    return total * 5;
}
