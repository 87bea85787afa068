// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// A fixture of ours: the two switches of GMX v1's Vault and what asks for them, written anew. Amounts are counters.

contract LeverGmxVault {
    address public gov = msg.sender;
    bool public isLeverageEnabled = true;
    bool public isSwapEnabled = true;
    uint256 public acts;

    modifier onlyGov() {
        require(msg.sender == gov, "53");
        _;
    }

    function setIsLeverageEnabled(bool on) external onlyGov {
        isLeverageEnabled = on;
    }

    function setIsSwapEnabled(bool on) external onlyGov {
        isSwapEnabled = on;
    }

    function swap(address, address, address) external {
        require(isSwapEnabled, "23");
        acts++;
    }

    function increasePosition(address, address, address, uint256, bool) external {
        require(isLeverageEnabled, "28");
        acts++;
    }

    function decreasePosition(address, address, address, uint256, uint256, bool, address) external {
        acts++;
    }

    function liquidatePosition(address, address, address, bool, address) external {
        acts++;
    }

    function sellUSDG(address, address) external {
        acts++;
    }
}
