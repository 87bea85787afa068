// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A fixture of ours: the hook configuration and the LTVs of a vault of the Euler Vault Kit, written anew. A hooked operation
/// without a hook target is disabled; the new-borrow LTV is checked at a borrow and a withdrawal, never at a repayment.
contract LeverEulerVault {
    error E_OperationDisabled();
    error E_Unauthorized();
    error E_AccountLiquidity();
    error E_LTVBorrow();

    struct Ltv {
        uint16 borrow;
        uint16 liquidation;
        uint32 ramp;
    }

    address public governorAdmin = msg.sender;
    address public immutable collateral;
    address private hookTarget;
    uint32 private hookedOps;
    mapping(address => Ltv) private ltvs;
    mapping(address => uint256) public shares;
    mapping(address => uint256) public pledged;
    mapping(address => uint256) public debtOf;
    uint256 public price = 1e18;

    constructor(address backing) {
        collateral = backing;
    }

    modifier governorOnly() {
        if (msg.sender != governorAdmin) revert E_Unauthorized();
        _;
    }

    modifier hooked(uint32 op) {
        if (hookedOps & op != 0 && hookTarget.code.length == 0) revert E_OperationDisabled();
        _;
    }

    function hookConfig() external view returns (address, uint32) {
        return (hookTarget, hookedOps);
    }

    function setHookConfig(address target, uint32 ops) external governorOnly {
        hookTarget = target;
        hookedOps = ops;
    }

    function LTVList() external view returns (address[] memory list) {
        list = new address[](1);
        list[0] = collateral;
    }

    function LTVBorrow(address asset) external view returns (uint16) {
        return ltvs[asset].borrow;
    }

    function LTVLiquidation(address asset) external view returns (uint16) {
        return ltvs[asset].liquidation;
    }

    function setLTV(address asset, uint16 borrowLTV, uint16 liquidationLTV, uint32 ramp) external governorOnly {
        if (borrowLTV > liquidationLTV) revert E_LTVBorrow();
        ltvs[asset] = Ltv(borrowLTV, liquidationLTV, ramp);
    }

    function setPrice(uint256 to) external governorOnly {
        price = to;
    }

    function pledge(uint256 amount) external {
        pledged[msg.sender] += amount;
    }

    function deposit(uint256 amount, address) external hooked(1 << 0) {
        shares[msg.sender] += amount;
    }

    function mint(uint256 amount, address) external hooked(1 << 1) {
        shares[msg.sender] += amount;
    }

    function withdraw(uint256 amount, address, address) external hooked(1 << 2) {
        shares[msg.sender] -= amount;
        check(msg.sender, ltvs[collateral].borrow);
    }

    function redeem(uint256 amount, address, address) external hooked(1 << 3) {
        shares[msg.sender] -= amount;
        check(msg.sender, ltvs[collateral].borrow);
    }

    function transfer(address to, uint256 amount) external hooked(1 << 4) returns (bool) {
        shares[msg.sender] -= amount;
        shares[to] += amount;
        check(msg.sender, ltvs[collateral].borrow);
        return true;
    }

    function borrow(uint256 amount, address) external hooked(1 << 6) {
        debtOf[msg.sender] += amount;
        check(msg.sender, ltvs[collateral].borrow);
    }

    function repay(uint256 amount, address) external hooked(1 << 7) {
        debtOf[msg.sender] -= amount;
    }

    function liquidate(address violator, address, uint256 amount, uint256) external hooked(1 << 11) {
        require(worth(violator, ltvs[collateral].liquidation) < debtOf[violator], "E_ViolatorHealthy");
        debtOf[violator] -= amount;
        pledged[violator] -= amount;
    }

    function flashLoan(uint256, bytes calldata) external view hooked(1 << 12) {}

    function check(address who, uint16 ltv) private view {
        if (debtOf[who] > 0 && worth(who, ltv) < debtOf[who]) revert E_AccountLiquidity();
    }

    function worth(address who, uint16 ltv) private view returns (uint256) {
        return pledged[who] * price / 1e18 * ltv / 1e4;
    }
}
